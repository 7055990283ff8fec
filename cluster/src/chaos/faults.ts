import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../Cluster.ts';
import type { ClusterProcess } from '../ClusterProcess.ts';
import { LOSSY_ADDRESS } from './LossyLinks.ts';
import type { Scene } from './Scene.ts';
import type { Witness } from './Witness.ts';

/** Nobody notices less: a packet holds 60 ms, and a jitter buffer bridges two that are late. */
const UNNOTICED_MS = 200;
const BACK_MS = 8000;
/** One packet in twenty is lost: now and then three of 60 ms in a row, which a decoder bridges. */
const CONCEALED_MS = 400;
/**
 * A home that stands still closes no connection: who is on stage there learns it from the ping of their socket, and only then goes
 * to the next.
 */
const STAGE_NOTICES_MS = 15_000;
const BETWEEN_DEPLOYS_MS = 3000;

/** What those who listen may notice of a fault. */
export interface Outcome {
  /** Of the fault, or more exactly whom it concerns. */
  readonly name: string;
  readonly promiseMs: number;
  /** For all of them, or for 95 of 100. */
  readonly holdsFor: 'all' | 'p95';
  readonly concerned: readonly Witness[];
}

export interface Fault {
  readonly name: string;
  /** Of the nodes, for this fault. */
  readonly env?: Readonly<Record<string, string>>;
  /** Brings it about, and waits until it is over. @throws {Error} when the cluster is not as it should be then */
  run(cluster: Cluster, scene: Scene): Promise<readonly Outcome[]>;
}

export const FAULTS: readonly Fault[] = [
  fault('listener-node-killed', async (cluster, scene) => {
    const [, other] = await homeAndOther(cluster, scene);
    const there = scene.witnesses.filter(({ node }) => node === other.origin);
    const elsewhere = scene.witnesses.filter((witness) => !there.includes(witness));
    other.kill();
    await sleep(12_000);
    await other.start();
    return [
      { name: 'listener-node-killed', promiseMs: BACK_MS, holdsFor: 'p95', concerned: there },
      { name: 'listener-node-killed, the others', promiseMs: UNNOTICED_MS, holdsFor: 'all', concerned: elsewhere },
    ];
  }),
  fault('home-killed', async (cluster, scene) => {
    const [home] = await homeAndOther(cluster, scene);
    home.kill();
    await sleep(12_000);
    await home.start();
    return [{ name: 'home-killed', promiseMs: BACK_MS, holdsFor: 'p95', concerned: scene.witnesses }];
  }),
  fault('home-paused', async (cluster, scene) => {
    const [home] = await homeAndOther(cluster, scene);
    const elsewhere = scene.witnesses.filter(({ node }) => node !== home.origin);
    home.pause();
    await sleep(20_000);
    home.resume();
    return [{ name: 'home-paused', promiseMs: STAGE_NOTICES_MS, holdsFor: 'p95', concerned: elsewhere }];
  }),
  fault('redis-down-30s', async ({ redis }, { witnesses }) => {
    await redis.stop();
    await sleep(30_000);
    await redis.start();
    return [{ name: 'redis-down-30s', promiseMs: UNNOTICED_MS, holdsFor: 'all', concerned: witnesses }];
  }),
  fault('redis-flushed', async ({ redis }, { witnesses }) => {
    await redis.flush();
    return [{ name: 'redis-flushed', promiseMs: UNNOTICED_MS, holdsFor: 'all', concerned: witnesses }];
  }),
  fault('redis-failover', async ({ redis }, { witnesses }) => {
    await redis.failOver();
    return [{ name: 'redis-failover', promiseMs: UNNOTICED_MS, holdsFor: 'all', concerned: witnesses }];
  }),
  fault('node-cut-off-from-redis', async (cluster, scene) => {
    const [, other] = await homeAndOther(cluster, scene);
    const there = scene.witnesses.filter(({ node }) => node === other.origin);
    cluster.gateOf(other).cut();
    await sleep(15_000);
    cluster.gateOf(other).mend();
    return [{ name: 'node-cut-off-from-redis', promiseMs: UNNOTICED_MS, holdsFor: 'all', concerned: there }];
  }),
  fault('home-cut-off-from-redis', async (cluster, scene) => {
    const [home] = await homeAndOther(cluster, scene);
    const there = scene.witnesses.filter(({ node }) => node === home.origin);
    cluster.gateOf(home).cut();
    await sleep(15_000);
    cluster.gateOf(home).mend();
    return [
      { name: 'home-cut-off-from-redis', promiseMs: UNNOTICED_MS, holdsFor: 'all', concerned: there },
      { name: 'home-cut-off-from-redis, the others', promiseMs: BACK_MS, holdsFor: 'p95', concerned: scene.witnesses },
    ];
  }),
  fault('rolling-deploy', async (cluster, { witnesses }) => {
    for (const node of cluster.nodes) {
      await node.drain();
      await node.start();
      await sleep(BETWEEN_DEPLOYS_MS);
    }
    return [{ name: 'rolling-deploy', promiseMs: UNNOTICED_MS, holdsFor: 'all', concerned: witnesses }];
  }),
  {
    name: 'loss-between-nodes',
    env: { CLUSTER_ADDRESS: LOSSY_ADDRESS },
    run: async (cluster, scene) => {
      const [home] = await homeAndOther(cluster, scene);
      const elsewhere = scene.witnesses.filter(({ node }) => node !== home.origin);
      scene.links.impair({ loss: 0.05, delayMs: 20 });
      await sleep(15_000);
      const { passed, lost } = scene.links.counts;
      scene.links.impair({ loss: 0, delayMs: 0 });
      if (lost === 0) throw new Error(`Nothing was lost of ${passed} packets: the mix does not go this way`);
      return [{ name: 'loss-between-nodes', promiseMs: CONCEALED_MS, holdsFor: 'all', concerned: elsewhere }];
    },
  },
  fault('twice-the-capacity', async (cluster, scene) => {
    await scene.crowd(cluster, scene.capacity * 2, 10_000);
    return [{ name: 'twice-the-capacity', promiseMs: UNNOTICED_MS, holdsFor: 'all', concerned: scene.witnesses }];
  }),
];

function fault(name: string, run: Fault['run']): Fault {
  return { name, run };
}

async function homeAndOther(cluster: Cluster, { roomId }: Scene): Promise<[ClusterProcess, ClusterProcess]> {
  const home = await cluster.homeOf(roomId);
  const other = cluster.nodes.find((node) => node !== home && node.state === 'running');
  if (!home || !other) throw new Error('The room has no home, or there is no other node');
  return [home, other];
}
