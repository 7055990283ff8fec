import { readFileSync } from 'node:fs';
import type { Redis, Result } from 'ioredis';
import { AppError } from '../errors.ts';

/**
 * With its flags, Redis runs it nowhere where it could not write: a replica on which the lease has run out does not know whose it is.
 * A Redis whose memory is full still lets homes keep what they have.
 */
const LUA = ['#!lua flags=allow-oom', script('../store/parts.lua'), script('lease.lua')].join('\n');

const KEYS = ['home', 'epoch', 'room', 'stage', 'hands', 'names', 'invites', 'bans'];

/** A home that has not renewed for so long is the home no longer. */
export const LEASE_MS = 3000;
/** A lease that nobody holds is left to its last holder for so many looks: after a flush of Redis nobody has to move. */
const LOOKS_BEFORE_TAKING = 2;

/** Which node a room's stage is on. A write of the server has to name it, and is refused once that is no longer so. */
export interface Home {
  readonly nodeId: string;
  /** Goes up with each change of home. */
  readonly epoch: number;
}

interface HomeLeaseOptions {
  readonly redis: Redis;
  readonly roomId: string;
  readonly nodeId: string;
  /** Whatever tells the time in ms, by a clock that nobody sets. */
  readonly now: () => number;
}

/** What a look at the lease tells. */
export interface LeaseLook {
  /** Null while nobody holds it. */
  readonly home: Home | null;
  /** Number of the room's record in the store; 0 where the store has lost the room. */
  readonly seq: number;
}

/**
 * The claim of one node to be the home of one room: compare-and-set in Redis, with an epoch. `claim()` is called once a second. A
 * node that has not heard within the lease's life that the lease is its own, by a clock that runs on while the process is stopped,
 * is not the home, whatever it was before.
 */
export class HomeLease {
  readonly #options: HomeLeaseOptions;
  readonly #keys: readonly string[];
  #home: Home | null = null;
  /** When the last claim that was granted was sent. */
  #grantedAt = -Infinity;
  #knownEpoch = 0;
  #vacantLooks = 0;

  constructor(options: HomeLeaseOptions) {
    this.#options = options;
    const { redis, roomId } = options;
    this.#keys = KEYS.map((name) => `tribune:{${roomId}}:${name}`);
    redis.defineCommand('homeLease', { numberOfKeys: KEYS.length, lua: LUA });
  }

  /** This node's claim, while it is good. */
  get mine(): Home | null {
    if (this.#home?.nodeId !== this.#options.nodeId) return null;
    return this.#options.now() - this.#grantedAt < LEASE_MS ? this.#home : null;
  }

  /**
   * Renews the lease where it is this node's, takes it where it has been nobody's for a while, and learns whose it is otherwise.
   * @param only `look` takes nothing, and lets a lease run out
   * @param eager takes it at once where it is nobody's: for a node that has just made the room, or follows a home that said goodbye
   * @throws {AppError} UNAVAILABLE
   */
  async claim({ eager = false, only = 'any' }: { eager?: boolean; only?: 'look' | 'any' } = {}): Promise<LeaseLook> {
    const wasMine = this.#home?.nodeId === this.#options.nodeId;
    const take = only === 'any' && (eager || wasMine || this.#vacantLooks >= LOOKS_BEFORE_TAKING);
    const sentAt = this.#options.now();
    let look = await this.#run(take ? 'claim' : 'look');
    // Another node has given it to this one, a part of its life ago.
    if (!take && only === 'any' && look.home?.nodeId === this.#options.nodeId) look = await this.#run('claim');
    const { home } = look;
    this.#home = home;
    this.#vacantLooks = home ? 0 : this.#vacantLooks + 1;
    if (!home) return look;
    this.#knownEpoch = Math.max(this.#knownEpoch, home.epoch);
    if (home.nodeId === this.#options.nodeId) this.#grantedAt = sentAt;
    return look;
  }

  /**
   * Gives it away, so that nobody need wait for its end. Harmless when it is not this node's, or Redis is away.
   * @param heir the node that has it from now on; without one, the next that asks
   */
  async release(heir = ''): Promise<void> {
    const wasMine = this.#home?.nodeId === this.#options.nodeId;
    this.#home = null;
    if (wasMine) await this.#run('give', heir).catch(() => undefined);
  }

  async #run(operation: 'claim' | 'look' | 'give', heir = ''): Promise<LeaseLook> {
    const { redis, nodeId } = this.#options;
    try {
      const [seq, holder, epoch] = await redis.homeLease(
        ...this.#keys,
        operation,
        nodeId,
        String(LEASE_MS),
        String(this.#knownEpoch),
        heir,
      );
      return { seq: Number(seq), home: holder ? { nodeId: holder, epoch: Number(epoch) } : null };
    } catch (error) {
      // Whoever had it may not have been able to renew it either, and goes first.
      this.#vacantLooks = 0;
      throw new AppError('UNAVAILABLE', 'The store does not answer', { cause: error });
    }
  }
}

function script(path: string): string {
  return readFileSync(new URL(path, import.meta.url), 'utf8');
}

declare module 'ioredis' {
  interface RedisCommander<Context> {
    homeLease(...keysAndArgs: string[]): Result<[number, string?, string?], Context>;
  }
}
