import { readFileSync } from 'node:fs';
import type { RoomInfo } from '@tribune/shared/domain.ts';
import type { Redis, Result } from 'ioredis';
import { AppError } from '../errors.ts';

/** A home says each second that it keeps its rooms: after so long without that, nobody does. */
const LIFE_MS = 5000;
/** A room that Redis has lost with everything else is written back by a node that knows it, or by none. */
const WRITTEN_BACK_MS = 15_000;
/** However many people look at the list, it is read so often. */
const CACHE_MS = 1000;

const KEYS = ['cards', 'shown', 'kept', 'open', 'since'].map((name) => `tribune:{index}:${name}`);

/** A room that has its home on this node. */
export interface KeptRoom {
  readonly roomId: string;
  /** Null while nobody is in it: such a room is not listed. */
  readonly card: RoomInfo | null;
}

/** The list of open rooms, the same on every node: what the home of each says of it. */
export class RoomDirectory {
  readonly #redis: Redis;
  #cards: ReadonlyMap<string, RoomInfo> = new Map();
  #readAtMs = -Infinity;
  #reading: Promise<void> | null = null;
  /** Since when Redis remembered when this node first asked. */
  #firstSince: string | null = null;

  constructor(redis: Redis) {
    this.#redis = redis;
    redis.defineCommand('roomDirectory', {
      numberOfKeys: KEYS.length,
      lua: readFileSync(new URL('directory.lua', import.meta.url), 'utf8'),
    });
  }

  /** Says once a second which rooms have their home here. @throws {AppError} UNAVAILABLE */
  async keep(rooms: readonly KeptRoom[]): Promise<void> {
    if (rooms.length === 0) return;
    const pairs = rooms.map(({ roomId, card }) => [roomId, card ? JSON.stringify(card) : '']);
    await this.#run('keep', JSON.stringify(pairs));
  }

  /** The room has ended, and is listed no longer. @throws {AppError} UNAVAILABLE */
  async drop(roomId: string): Promise<void> {
    this.#cards = new Map([...this.#cards].filter(([id]) => id !== roomId));
    await this.#run('drop', roomId);
  }

  /** By room id, as of a second ago at most; what was known last while Redis is away. */
  async list(): Promise<ReadonlyMap<string, RoomInfo>> {
    if (performance.now() - this.#readAtMs < CACHE_MS) return this.#cards;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null;
    });
    await this.#reading.catch(() => undefined);
    return this.#cards;
  }

  /** Open rooms that no node keeps, as after the death of their home. @throws {AppError} UNAVAILABLE */
  async findOrphans(): Promise<string[]> {
    return this.#run('orphans', String(LIFE_MS));
  }

  /**
   * Whether Redis has lost everything lately, so that a room which it does not know may be one that another node writes back. Call it
   * once at the start, since whoever comes after the loss cannot tell.
   * @throws {AppError} UNAVAILABLE
   */
  async mayHaveLostRooms(): Promise<boolean> {
    const [since = '', ageMs] = await this.#run('since');
    this.#firstSince ??= since;
    return since !== this.#firstSince && Math.abs(Number(ageMs)) < WRITTEN_BACK_MS;
  }

  async #read(): Promise<void> {
    const cards = (await this.#run('list', String(LIFE_MS))).map((json) => JSON.parse(json) as RoomInfo);
    this.#cards = new Map(cards.map((card) => [card.id, card]));
    this.#readAtMs = performance.now();
  }

  async #run(...args: readonly string[]): Promise<string[]> {
    try {
      return await this.#redis.roomDirectory(...KEYS, ...args);
    } catch (error) {
      throw new AppError('UNAVAILABLE', 'The store does not answer', { cause: error });
    }
  }
}

declare module 'ioredis' {
  interface RedisCommander<Context> {
    roomDirectory(...keysAndArgs: string[]): Result<string[], Context>;
  }
}
