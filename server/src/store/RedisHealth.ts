import type { Redis } from 'ioredis';
import type { Logger } from '../logger.ts';
import type { StoreObserver } from './RoomStore.ts';

const CHECK_EVERY_MS = 1000;
/** The key is gone soon after its node. */
const KEY_LIFE_MS = 10_000;
/** Redis begins an error with its name: READONLY, OOM, MISCONF, NOREPLICAS. */
const ERROR_NAME = /^[A-Z]+(?= )/;

interface RedisHealthOptions {
  readonly redis: Redis;
  readonly nodeId: string;
  readonly logger: Logger;
  readonly observer: StoreObserver;
}

/**
 * Tells whether Redis takes writes, which a join needs: a replica, a Redis whose memory is full and one that cannot save still answer
 * reads. Looks with each connection and once a second, so that the log says it on a node that nobody asks.
 */
export class RedisHealth {
  readonly #options: RedisHealthOptions;
  readonly #key: string;
  readonly #timer = setInterval(() => void this.check(), CHECK_EVERY_MS);
  #problem: string | null = 'redis';
  #logged: string | null = null;
  #checking: Promise<string | null> | null = null;

  constructor(options: RedisHealthOptions) {
    this.#options = options;
    this.#key = `tribune:{health}:${options.nodeId}`;
    options.redis.on('ready', () => void this.check());
  }

  /** Did the last write succeed? */
  get isUp(): boolean {
    return this.#problem === null;
  }

  /** Writes. @returns null when that succeeded; `redis: NAME` when Redis refused with an error of that name; else `redis` */
  async check(): Promise<string | null> {
    this.#checking ??= this.#check().finally(() => {
      this.#checking = null;
    });
    return this.#checking;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #check(): Promise<string | null> {
    const { redis, observer } = this.#options;
    const startMs = performance.now();
    try {
      await redis.set(this.#key, '1', 'PX', KEY_LIFE_MS);
      observer.handleAnswer((performance.now() - startMs) / 1000);
      this.#problem = null;
    } catch (error) {
      observer.handleFailure();
      const name = error instanceof Error ? ERROR_NAME.exec(error.message)?.[0] : undefined;
      this.#problem = name ? `redis: ${name}` : 'redis';
    }
    this.#log();
    return this.#problem;
  }

  /** The connection itself says when it is lost, so this tells only of a Redis that is there. */
  #log(): void {
    const { redis, logger } = this.#options;
    if (redis.status !== 'ready' || this.#problem === this.#logged) return;
    if (this.#problem) logger.error({ reason: this.#problem }, 'Redis takes no writes, so nobody can come in');
    else logger.info('Redis takes writes again');
    this.#logged = this.#problem;
  }
}
