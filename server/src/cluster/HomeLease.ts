import { readFileSync } from 'node:fs';
import type { Redis, Result } from 'ioredis';
import { AppError } from '../errors.ts';

const LUA = readFileSync(new URL('lease.lua', import.meta.url), 'utf8');

/** A home that has not renewed for so long is home no more. */
export const LEASE_MS = 3000;
/** A lease that nobody holds is left to the one who held it last for so many looks: after a flush of Redis nobody has to move. */
const LOOKS_BEFORE_TAKING = 2;

/** Which node a room's stage is on. A write of the server has to name it, and is refused when it is not so any more. */
export interface Home {
  readonly nodeId: string;
  /** Goes up with each change of home. */
  readonly epoch: number;
}

/** Whatever can tell the time: `performance.now()`, or a test's own. */
type Clock = () => number;

interface HomeLeaseOptions {
  readonly redis: Redis;
  readonly roomId: string;
  readonly nodeId: string;
  readonly now?: Clock;
}

/**
 * The claim of one node to be the home of one room: compare-and-set in Redis, with an epoch. `claim()` is called once a second;
 * whoever has not heard that the lease is theirs within its life, by a clock that runs on while the process is stopped, is not
 * home, whatever they were before.
 */
export class HomeLease {
  readonly #options: HomeLeaseOptions;
  readonly #now: Clock;
  readonly #keys: readonly [string, string];
  #home: Home | null = null;
  /** When the last claim that was granted was sent. */
  #grantedAt = -Infinity;
  #knownEpoch = 0;
  #vacantLooks = 0;

  constructor(options: HomeLeaseOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    const { redis, roomId } = options;
    this.#keys = [`tribune:{${roomId}}:home`, `tribune:{${roomId}}:epoch`];
    redis.defineCommand('homeLease', { numberOfKeys: 2, lua: LUA });
  }

  /** As last heard; null when nobody is, as far as is known. */
  get home(): Home | null {
    return this.#home;
  }

  /** This node's claim, while it is good. */
  get mine(): Home | null {
    if (this.#home?.nodeId !== this.#options.nodeId) return null;
    return this.#now() - this.#grantedAt < LEASE_MS ? this.#home : null;
  }

  /**
   * Renews the lease where it is this node's, takes it where it has been nobody's for a while, and learns whose it is otherwise.
   * @param only `look` takes nothing, and lets a lease run out
   * @param eager takes it at once where it is nobody's: for who has just made the room, or follows a home that said goodbye
   * @throws {AppError} UNAVAILABLE
   */
  async claim({ eager = false, only = 'any' }: { eager?: boolean; only?: 'look' | 'any' } = {}): Promise<Home | null> {
    const wasMine = this.#home?.nodeId === this.#options.nodeId;
    const take = only === 'any' && (eager || wasMine || this.#vacantLooks >= LOOKS_BEFORE_TAKING);
    const sentAt = this.#now();
    const home = await this.#run(take ? 'claim' : 'look');
    this.#home = home;
    this.#vacantLooks = home ? 0 : this.#vacantLooks + 1;
    if (!home) return null;
    this.#knownEpoch = Math.max(this.#knownEpoch, home.epoch);
    if (home.nodeId === this.#options.nodeId) this.#grantedAt = sentAt;
    return home;
  }

  /** Gives it back, so that another need not wait for its end. Harmless when it is not this node's, or Redis is away. */
  async release(): Promise<void> {
    const wasMine = this.#home?.nodeId === this.#options.nodeId;
    this.#home = null;
    if (wasMine) await this.#run('release').catch(() => undefined);
  }

  async #run(operation: 'claim' | 'look' | 'release'): Promise<Home | null> {
    const { redis, nodeId } = this.#options;
    try {
      const [holder, epoch] = await redis.homeLease(
        ...this.#keys,
        ...[operation, nodeId, String(LEASE_MS), String(this.#knownEpoch)],
      );
      return holder ? { nodeId: holder, epoch: Number(epoch) } : null;
    } catch (error) {
      throw new AppError('UNAVAILABLE', 'The store does not answer', { cause: error });
    }
  }
}

declare module 'ioredis' {
  interface RedisCommander<Context> {
    homeLease(...keysAndArgs: string[]): Result<[string | null, string | null], Context>;
  }
}
