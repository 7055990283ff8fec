import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterRedis } from '@tribune/chaos/cluster/ClusterRedis.ts';
import { RedisProxy, type BusImpairment } from '@tribune/chaos/cluster/RedisProxy.ts';
import type { ClusterView } from '../../src/http/routes/health.ts';
import { TestServer } from './TestServer.ts';

const POLL_MS = 50;
const READY_LIMIT_MS = 15_000;

/** Several nodes in this process, each with a connection to Redis that can fail, and a Redis that can stop. */
export class WalkCluster {
  readonly nodes: TestServer[] = [];
  readonly #dir: string;
  readonly #redis: ClusterRedis;
  readonly #proxies: RedisProxy[] = [];
  readonly #draining = new Set<TestServer>();
  #troubles = 0;
  #troubleCount = 0;

  private constructor(dir: string, redis: ClusterRedis) {
    this.#dir = dir;
    this.#redis = redis;
  }

  static async create(nodes: number, env: Readonly<Record<string, string>>): Promise<WalkCluster> {
    const dir = await mkdtemp(join(tmpdir(), 'tribune-walk-'));
    const redis = await ClusterRedis.create(dir);
    const cluster = new WalkCluster(dir, redis);
    for (let index = 0; index < nodes; index++) {
      const proxy = await RedisProxy.create(join(dir, `node-${index}.sock`), () => redis.path);
      cluster.#proxies.push(proxy);
      const own = { ...env, REDIS_URL: proxy.path };
      cluster.nodes.push(await (cluster.nodes[0]?.addNode(own) ?? TestServer.createFirstNode(own)));
    }
    return cluster;
  }

  /** Whether Redis or a node is away on purpose, so that requests may find nobody. */
  get isInTrouble(): boolean {
    return this.#troubles > 0;
  }

  /** How often it has begun to be in trouble. */
  get troubleCount(): number {
    return this.#troubleCount;
  }

  /** Origins of the nodes that take people. */
  get origins(): string[] {
    return this.nodes.filter((node) => !this.#draining.has(node)).map(({ origin }) => origin);
  }

  impairBus(impairment: BusImpairment): void {
    for (const proxy of this.#proxies) proxy.impairBus(impairment);
  }

  mendBus(): void {
    for (const proxy of this.#proxies) proxy.mendBus();
  }

  /** Redis goes, and comes back with what it had. */
  async restartRedis(awayMs: number): Promise<void> {
    await this.#inTrouble(async () => {
      await this.#redis.stop();
      await sleep(awayMs);
      await this.#redis.start();
    });
  }

  /** One node reaches Redis no more for a while, and does not hear why. */
  async cutOff(index: number, forMs: number): Promise<void> {
    const proxy = this.#proxies[index % this.#proxies.length]!;
    await this.#inTrouble(async () => {
      proxy.cut();
      await sleep(forMs);
      proxy.mend();
    });
  }

  /** A node is drained as for a deployment, and comes back. */
  async deploy(index: number): Promise<void> {
    const node = this.nodes[index % this.nodes.length]!;
    await this.#inTrouble(async () => {
      this.#draining.add(node);
      await node.server.drain();
      await node.restart();
      this.#draining.delete(node);
    });
  }

  /** What each node knows. */
  async view(): Promise<ClusterView[]> {
    return Promise.all(
      this.nodes.map(async ({ origin }) => (await fetch(`${origin}/cluster`)).json() as Promise<ClusterView>),
    );
  }

  async close(): Promise<void> {
    for (const node of this.nodes.toReversed()) await node.close();
    for (const proxy of this.#proxies) proxy.close();
    await this.#redis.stop();
    await rm(this.#dir, { recursive: true, force: true });
  }

  /** The trouble lasts until every node says that it is ready again. */
  async #inTrouble(work: () => Promise<void>): Promise<void> {
    this.#troubles += 1;
    this.#troubleCount += 1;
    await work();
    const endMs = performance.now() + READY_LIMIT_MS;
    while (!(await this.#isReady())) {
      if (performance.now() > endMs) throw new Error('The nodes do not get ready again');
      await sleep(POLL_MS);
    }
    this.#troubles -= 1;
  }

  async #isReady(): Promise<boolean> {
    const answers = this.nodes.map(async ({ origin }) =>
      fetch(`${origin}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
    return (await Promise.all(answers)).every(Boolean);
  }
}
