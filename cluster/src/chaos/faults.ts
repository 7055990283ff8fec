import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../Cluster.ts';
import type { ClusterProcess } from '../ClusterProcess.ts';
import type { Scene } from './Scene.ts';
import type { Witness } from './Witness.ts';

/** Nobody notices less: a packet holds 60 ms, and a jitter buffer bridges two that are late. */
const UNNOTICED_MS = 200;
const BACK_MS = 8000;

/** A fault, and what those who listen may notice of it. */
export interface Fault {
  readonly name: string;
  readonly promiseMs: number;
  /** Brings it about, and waits until it is over. @returns whose gaps count */
  run(cluster: Cluster, scene: Scene): Promise<readonly Witness[]>;
}

async function homeAndOther(cluster: Cluster, { roomId }: Scene): Promise<[ClusterProcess, ClusterProcess]> {
  const home = await cluster.homeOf(roomId);
  const other = cluster.nodes.find((node) => node !== home && node.state === 'running');
  if (!home || !other) throw new Error('The room has no home, or there is no other node');
  return [home, other];
}

async function killOther(cluster: Cluster, scene: Scene) {
  const [, other] = await homeAndOther(cluster, scene);
  const there = scene.witnesses.filter(({ node }) => node === other.origin);
  other.kill();
  await sleep(12_000);
  await other.start();
  return { there, elsewhere: scene.witnesses.filter((witness) => !there.includes(witness)) };
}

/** Exactly one node may say that it is the home. */
async function assertOneHome(cluster: Cluster, { roomId }: Scene): Promise<void> {
  const views = (await cluster.view()).filter((view) => view !== null);
  const homes = views.filter(({ nodeId, rooms }) =>
    rooms.some((room) => room.roomId === roomId && room.home?.nodeId === nodeId),
  );
  if (homes.length !== 1) throw new Error(`${homes.length} nodes say that they are the home`);
}

export const FAULTS: readonly Fault[] = [
  {
    name: 'listener-node-killed',
    promiseMs: BACK_MS,
    run: async (cluster, scene) => (await killOther(cluster, scene)).there,
  },
  {
    name: 'listener-node-killed-others',
    promiseMs: UNNOTICED_MS,
    run: async (cluster, scene) => (await killOther(cluster, scene)).elsewhere,
  },
  {
    name: 'home-killed',
    promiseMs: BACK_MS,
    run: async (cluster, scene) => {
      const [home] = await homeAndOther(cluster, scene);
      home.kill();
      await sleep(15_000);
      await home.start();
      await assertOneHome(cluster, scene);
      return scene.witnesses;
    },
  },
  {
    name: 'home-paused',
    promiseMs: BACK_MS,
    run: async (cluster, scene) => {
      const [home] = await homeAndOther(cluster, scene);
      const elsewhere = scene.witnesses.filter(({ node }) => node !== home.origin);
      home.pause();
      await sleep(20_000);
      home.resume();
      await sleep(5000);
      await assertOneHome(cluster, scene);
      return elsewhere;
    },
  },
  {
    name: 'redis-down-30s',
    promiseMs: UNNOTICED_MS,
    run: async (cluster, scene) => {
      await cluster.stopRedis();
      await sleep(30_000);
      await cluster.startRedis();
      await sleep(5000);
      await assertOneHome(cluster, scene);
      return scene.witnesses;
    },
  },
  {
    name: 'redis-flushed',
    promiseMs: UNNOTICED_MS,
    run: async (cluster, scene) => {
      await cluster.flushRedis();
      await sleep(5000);
      await assertOneHome(cluster, scene);
      return scene.witnesses;
    },
  },
  {
    name: 'node-drained',
    promiseMs: UNNOTICED_MS,
    run: async (cluster, scene) => {
      const [, other] = await homeAndOther(cluster, scene);
      await other.drain();
      await sleep(2000);
      await other.start();
      return scene.witnesses;
    },
  },
  {
    name: 'home-drained',
    promiseMs: UNNOTICED_MS,
    run: async (cluster, scene) => {
      const [home] = await homeAndOther(cluster, scene);
      await home.drain();
      await sleep(3000);
      await home.start();
      await assertOneHome(cluster, scene);
      return scene.witnesses;
    },
  },
  {
    name: 'twice-the-capacity',
    promiseMs: UNNOTICED_MS,
    run: async (cluster, scene) => {
      await scene.crowd(cluster, scene.capacity * 2, 10_000);
      return scene.witnesses;
    },
  },
];
