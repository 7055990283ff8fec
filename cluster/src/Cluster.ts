import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { startRedis, type OwnRedis } from '../../scripts/lib/redis.mjs';
import type { ClusterView } from '../../server/src/http/routes/health.ts';
import { ClusterProcess } from './ClusterProcess.ts';
import { Front } from './Front.ts';

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
  #redis: OwnRedis;
  #front: Front | null = null;

  private constructor(options: ClusterOptions, dir: string, redis: OwnRedis) {
    this.#options = options;
    this.#dir = dir;
    this.#redis = redis;
  }

  /** @throws {Error} when any of it does not come up; nothing is left then */
  static async create(options: ClusterOptions): Promise<Cluster> {
    const dir = await mkdtemp(join(tmpdir(), 'tribune-cluster-'));
    const cluster = new Cluster(options, dir, await startRedisIn(dir));
    try {
      for (let index = 0; index < options.nodes; index++) await cluster.add();
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
    const node = new ClusterProcess(id, origin, {
      ...{ NODE_ID: id, PORT: String(port), HOST: '127.0.0.1', PUBLIC_URL: origin, WORKERS: '1' },
      ...{ MEDIA_PORT: String(FIRST_MEDIA_PORT + index * MEDIA_PORTS_PER_NODE), MEDIA_LISTEN_ADDRESS: '127.0.0.1' },
      ...{
        REDIS_URL: socketIn(this.#dir),
        DATA_DIR: join(this.#dir, id),
        SECRET: this.#secret,
        LOG_LEVEL: process.env.LOG_LEVEL ?? 'error',
      },
      ...{ MEDIASOUP_WORKER_BIN: process.env.MEDIASOUP_WORKER_BIN ?? '', WEB_DIR: process.env.WEB_DIR ?? '' },
      ...this.#options.env,
    });
    this.nodes.push(node);
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

  async stopRedis(): Promise<void> {
    await this.#redis.stop();
  }

  /** Comes back with what it had, at the same address. */
  async startRedis(): Promise<void> {
    this.#redis = await startRedisIn(this.#dir);
  }

  /** Redis forgets everything. */
  async flushRedis(): Promise<void> {
    const redis = new Redis(socketIn(this.#dir));
    await redis.flushall();
    redis.disconnect();
  }

  /** Everything ends, however it is. */
  async close(): Promise<void> {
    this.#front?.close();
    await Promise.all(this.nodes.map(async (node) => node.stop()));
    await this.#redis.stop();
    await rm(this.#dir, { recursive: true, force: true });
  }
}

function socketIn(dir: string): string {
  return join(dir, 'redis.sock');
}

/** A new Redis has a new socket: a link keeps its address. */
async function startRedisIn(dir: string): Promise<OwnRedis> {
  const redis = await startRedis({ dir: join(dir, 'redis'), persist: true });
  await rm(socketIn(dir), { force: true });
  await symlink(redis.url, socketIn(dir));
  return redis;
}
