import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClusterView } from '../../server/src/http/routes/health.ts';
import { ClusterProcess } from './ClusterProcess.ts';
import { ClusterRedis } from './ClusterRedis.ts';
import { Front } from './Front.ts';
import { RedisGate } from './RedisGate.ts';

/** Media ports of a node: it has one for each worker. */
const MEDIA_PORTS_PER_NODE = 50;
const FIRST_MEDIA_PORT = 21_000;
const VIEW_LIMIT_MS = 1000;

export interface ClusterOptions {
  readonly nodes: number;
  /** Of the front; the nodes have those after it. */
  readonly port: number;
  /** Beside what makes a node one of the cluster. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Several nodes on this machine with one Redis and one front, to play with and to break. */
export class Cluster {
  readonly nodes: ClusterProcess[] = [];
  readonly #options: ClusterOptions;
  readonly #dir: string;
  readonly #secret = randomBytes(32).toString('base64url');
  readonly redis: ClusterRedis;
  readonly #gates = new Map<ClusterProcess, RedisGate>();
  #front: Front | null = null;

  private constructor(options: ClusterOptions, dir: string, redis: ClusterRedis) {
    this.#options = options;
    this.#dir = dir;
    this.redis = redis;
  }

  /** @throws {Error} when any of it does not come up, or the reason of `signal`; nothing is left then */
  static async create(options: ClusterOptions, signal?: AbortSignal): Promise<Cluster> {
    const dir = await mkdtemp(join(tmpdir(), 'tribune-cluster-'));
    const cluster = new Cluster(options, dir, await ClusterRedis.create(dir));
    try {
      for (let index = 0; index < options.nodes; index++) {
        signal?.throwIfAborted();
        await cluster.add();
      }
      cluster.#front = await Front.create(options.port, () => cluster.nodes.map(({ origin }) => origin));
      return cluster;
    } catch (error) {
      await cluster.close();
      throw error;
    }
  }

  /** Where people come in. */
  get origin(): string {
    return this.#front?.origin ?? '';
  }

  /** One more node, which finds the others by itself. */
  async add(): Promise<ClusterProcess> {
    const index = this.nodes.length;
    const port = this.#options.port + 1 + index;
    const origin = `http://localhost:${port}`;
    const id = `n${index + 1}`;
    const gate = await RedisGate.create(join(this.#dir, `${id}.sock`), () => this.redis.path);
    const node = new ClusterProcess(id, origin, {
      ...{ NODE_ID: id, PORT: String(port), HOST: '127.0.0.1', PUBLIC_URL: origin, WORKERS: '1' },
      ...{ MEDIA_PORT: String(FIRST_MEDIA_PORT + index * MEDIA_PORTS_PER_NODE), MEDIA_LISTEN_ADDRESS: '127.0.0.1' },
      ...{
        REDIS_URL: gate.path,
        DATA_DIR: join(this.#dir, id),
        SECRET: this.#secret,
        LOG_LEVEL: process.env.LOG_LEVEL ?? 'error',
      },
      ...{ MEDIASOUP_WORKER_BIN: process.env.MEDIASOUP_WORKER_BIN ?? '', WEB_DIR: process.env.WEB_DIR ?? '' },
      ...this.#options.env,
    });
    this.nodes.push(node);
    this.#gates.set(node, gate);
    await node.start();
    return node;
  }

  /** What each running node knows; null of one that does not answer. */
  async view(): Promise<(ClusterView | null)[]> {
    return Promise.all(
      this.nodes.map(async ({ origin, state }) => {
        if (state === 'stopped' || state === 'paused') return null;
        const request = fetch(`${origin}/cluster`, { signal: AbortSignal.timeout(VIEW_LIMIT_MS) });
        return request.then(async (response) => (await response.json()) as ClusterView).catch(() => null);
      }),
    );
  }

  /** The node that has this room's stage, as most of the others see it. */
  async homeOf(roomId: string): Promise<ClusterProcess | undefined> {
    const rooms = (await this.view()).flatMap((view) => view?.rooms ?? []);
    const home = rooms.find((room) => room.roomId === roomId && room.home)?.home;
    return this.nodes.find(({ id }) => id === home?.nodeId);
  }

  /** This node's way to Redis. */
  gateOf(node: ClusterProcess): RedisGate {
    const gate = this.#gates.get(node);
    if (!gate) throw new Error(`Node ${node.id} is of another cluster`);
    return gate;
  }

  /** Everything ends, however it is. */
  async close(): Promise<void> {
    this.#front?.close();
    await Promise.all(this.nodes.map(async (node) => node.stop()));
    for (const gate of this.#gates.values()) gate.close();
    await this.redis.stop();
    await rm(this.#dir, { recursive: true, force: true });
  }
}
