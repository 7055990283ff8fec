import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePort } from '@tribune/scripts/port.mjs';
import { startRedis, type OwnRedis } from '@tribune/scripts/redis.mjs';

const SYNC_LIMIT_MS = 10_000;
const SYNC_POLL_MS = 50;

/** The Redis of a cluster on this machine. It can stop, start again, forget everything, and fail over to a replica. */
export class ClusterRedis {
  readonly #dir: string;
  #server: OwnRedis;
  #isRunning = true;
  #generation = 0;

  private constructor(dir: string, server: OwnRedis) {
    this.#dir = dir;
    this.#server = server;
  }

  static async create(dir: string): Promise<ClusterRedis> {
    return new ClusterRedis(dir, await startIn(dir, 0));
  }

  /** Path of the server's socket, which is another one after each start. */
  get path(): string {
    return this.#server.url;
  }

  async stop(): Promise<void> {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    await this.#server.stop();
  }

  /** The server comes back with the data that it had. */
  async start(): Promise<void> {
    this.#server = await startIn(this.#dir, this.#generation);
    this.#isRunning = true;
  }

  async flush(): Promise<void> {
    await this.#ask(this.#server, async (redis) => redis.flushall());
  }

  /** The server dies, and a replica that has all of its data takes its place. @throws {Error} when the replica does not catch up */
  async failOver(): Promise<void> {
    const port = await freePort();
    await this.#ask(this.#server, async (redis) => {
      await redis.config('SET', 'bind', '127.0.0.1');
      await redis.config('SET', 'port', port);
    });
    const replica = await startIn(this.#dir, ++this.#generation);
    try {
      await this.#ask(replica, async (redis) => {
        await redis.replicaof('127.0.0.1', port);
        await untilSynced(redis);
      });
      await this.#server.stop();
      await this.#ask(replica, async (redis) => redis.replicaof('NO', 'ONE'));
    } catch (error) {
      await replica.stop();
      throw error;
    }
    this.#server = replica;
  }

  async #ask(server: OwnRedis, work: (redis: Redis) => Promise<unknown>): Promise<void> {
    const redis = new Redis(server.url);
    await work(redis).finally(() => redis.disconnect());
  }
}

async function startIn(dir: string, generation: number): Promise<OwnRedis> {
  return startRedis({ dir: join(dir, `redis-${generation}`), persist: true });
}

async function untilSynced(replica: Redis): Promise<void> {
  const endMs = performance.now() + SYNC_LIMIT_MS;
  while (performance.now() < endMs) {
    if ((await replica.info('replication')).includes('master_link_status:up')) return;
    await sleep(SYNC_POLL_MS);
  }
  throw new Error('The replica does not catch up');
}
