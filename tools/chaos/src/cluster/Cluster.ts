import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClusterView } from '@tribune/server/http/routes/health.ts';
import { ClusterProcess } from './ClusterProcess.ts';
import { ClusterRedis } from './ClusterRedis.ts';
import { LoadBalancer } from './LoadBalancer.ts';
import { RedisProxy } from './RedisProxy.ts';

const VIEW_LIMIT_MS = 1000;

export const MAX_NODES = 9;

export interface ClusterOptions {
  readonly nodes: number;
  /** Port of the load balancer; the nodes have the ports after it. */
  readonly port: number;
  /** Environment of every node, beside what makes it a node of this cluster. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Several nodes on this machine with one Redis and one load balancer, to play with and to break. */
export class Cluster {
  readonly nodes: ClusterProcess[] = [];
  readonly #options: ClusterOptions;
  readonly #dir: string;
  readonly #secret = randomBytes(32).toString('base64url');
  readonly redis: ClusterRedis;
  readonly #proxies = new Map<ClusterProcess, RedisProxy>();
  #balancer: LoadBalancer | null = null;

  private constructor(options: ClusterOptions, dir: string, redis: ClusterRedis) {
    this.#options = options;
    this.#dir = dir;
    this.redis = redis;
  }

  /** @throws {Error} when a part does not come up, or the reason of `signal`; nothing is left running then */
  static async create(options: ClusterOptions, signal?: AbortSignal): Promise<Cluster> {
    const dir = await mkdtemp(join(tmpdir(), 'tribune-cluster-'));
    const cluster = new Cluster(options, dir, await ClusterRedis.create(dir));
    try {
      for (let index = 0; index < options.nodes; index++) {
        signal?.throwIfAborted();
        await cluster.add();
      }
      cluster.#balancer = await LoadBalancer.create(options.port, () => cluster.nodes.map(({ origin }) => origin));
      return cluster;
    } catch (error) {
      await cluster.close();
      throw error;
    }
  }

  /** Where people come in. */
  get origin(): string {
    return this.#balancer?.origin ?? '';
  }

  get proxies(): readonly RedisProxy[] {
    return [...this.#proxies.values()];
  }

  /** Adds a node, which finds the others by itself. @param env beside that of all nodes */
  async add(env: Readonly<Record<string, string>> = {}): Promise<ClusterProcess> {
    const index = this.nodes.length;
    const port = String(this.#options.port + 1 + index);
    const origin = `http://localhost:${port}`;
    const id = `n${index + 1}`;
    const proxy = await RedisProxy.create(join(this.#dir, `${id}.sock`), () => this.redis.path);
    const node = new ClusterProcess(id, origin, {
      NODE_ID: id,
      PORT: port,
      HOST: '127.0.0.1',
      PUBLIC_URL: origin,
      WORKERS: '1',
      // Free ones: another cluster may run beside this one.
      MEDIA_PORT: '0',
      MEDIA_LISTEN_ADDRESS: '127.0.0.1',
      REDIS_URL: proxy.path,
      DATA_DIR: join(this.#dir, id),
      SECRET: this.#secret,
      LOG_LEVEL: process.env.LOG_LEVEL ?? 'warn',
      MEDIASOUP_WORKER_BIN: process.env.MEDIASOUP_WORKER_BIN ?? '',
      WEB_DIR: process.env.WEB_DIR ?? '',
      // Each has a folder of its own.
      RECORDING: 'off',
      ...this.#options.env,
      ...env,
    });
    this.nodes.push(node);
    this.#proxies.set(node, proxy);
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

  /** The node that has this room's stage, as the first node says that knows it. */
  async homeOf(roomId: string): Promise<ClusterProcess | undefined> {
    const rooms = (await this.view()).flatMap((view) => view?.rooms ?? []);
    const home = rooms.find((room) => room.roomId === roomId && room.home)?.home;
    return this.nodes.find(({ id }) => id === home?.nodeId);
  }

  /** The connection of this node to Redis. */
  proxyOf(node: ClusterProcess): RedisProxy {
    const proxy = this.#proxies.get(node);
    if (!proxy) throw new Error(`Node ${node.id} belongs to another cluster`);
    return proxy;
  }

  /** The DATA_DIR of this node. */
  dataDirOf(node: ClusterProcess): string {
    return join(this.#dir, node.id);
  }

  /** Ends everything, in whatever state it is. */
  async close(): Promise<void> {
    this.#balancer?.close();
    await Promise.all(this.nodes.map(async (node) => node.stop()));
    for (const proxy of this.proxies) proxy.close();
    await this.redis.stop();
    await rm(this.#dir, { recursive: true, force: true });
  }
}
