import { readFileSync } from 'node:fs';
import { LIMITS, type Person, type RecordingPolicy } from '@tribune/shared/domain.ts';
import type { ErrorCode } from '@tribune/shared/errors.ts';
import { PERMISSIONS, type Action } from '@tribune/shared/permissions.ts';
import type { RoomSettings } from '@tribune/shared/schemas.ts';
import type { Redis, Result } from 'ioredis';
import { nanoid } from 'nanoid';
import { AppError } from '../errors.ts';
import { parseRecord, type Effect, type RoomRecord } from './RoomRecord.ts';

const MAX_BANS = 1000;
const MAX_INVITES = 200;
const NO_QUOTA = 1e9;
/** Of people behind one network address, in any case. */
const MIN_HANDS_PER_ADDRESS = 5;
const OPEN_ROOMS_KEY = 'tribune:{index}:open';
const INDEX_KEYS = [OPEN_ROOMS_KEY, 'tribune:{index}:creators', 'tribune:{index}:addresses'];

declare module 'ioredis' {
  // The type parameter has to be named as ioredis names it.
  interface RedisCommander<Context> {
    roomTransition(...keysAndArgs: string[]): Result<unknown[], Context>;
    roomIndex(...keysAndArgs: string[]): Result<number, Context>;
    forgetWhere(...keysAndArgs: string[]): Result<null, Context>;
  }
}

/** What the server does by itself, beside the actions of people. */
type SystemAction =
  'read' | 'room:resume' | 'room:restore' | 'room:mend' | 'peer:presence' | 'peer:expire' | 'host:succeed';

/** How many rooms there may be. */
export interface RoomQuotas {
  readonly rooms: number;
  /** Of one person; no less for one network address. */
  readonly perUser: number;
  /** The part of all rooms that one address gets while others may want some. */
  readonly perAddressShare: number;
}

/** A ticket that is spent. */
export interface Entering {
  readonly userId: string;
  readonly name: string;
  readonly jti: string;
  /** How long the ticket is remembered. */
  readonly ticketExpiresS: number;
}

/** What came of it. */
export interface Entered {
  /** Of the record at that moment. */
  readonly seq: number;
  /** Null where nothing of the room has changed. */
  readonly change: Transition | null;
}

/** The lease that a write of the home carries. */
interface Fence {
  readonly nodeId: string;
  readonly epoch: number;
}

/** Who acts: a person, or null for the server itself. */
type Actor = Person | null;

export interface Transition {
  readonly record: RoomRecord;
  readonly effects: readonly Effect[];
}

/** Told how Redis does. */
export interface StoreObserver {
  /** A command was answered; refusals of a transition are answers too. */
  handleAnswer(seconds: number): void;
  /** None came, or an error of Redis. */
  handleFailure(): void;
}

/** A write of a node that is not the home of the room any more. Nothing was changed. */
export class NotHomeError extends Error {}

/** Redis has lost the room or a part of it, and its home has not written it back yet. Nothing was changed. */
export class RoomLostError extends AppError {
  constructor() {
    super('UNAVAILABLE', 'The store has lost the room for a moment');
  }
}

/** Of the script that runs a transition, in this order. */
const PARTS = ['lib', 'lifecycle', 'presence', 'hands', 'stage', 'moderation', 'main'];

/** ARGV  node id, user ids */
const FORGET_WHERE = `
for index = 2, #ARGV do
  if redis.call('HGET', KEYS[1], ARGV[index]) == ARGV[1] then redis.call('HDEL', KEYS[1], ARGV[index]) end
end`;

/** Rooms in Redis. Every change is one run of the script in `transitions/`, which decides from the role in the store. */
export class RoomStore {
  readonly #redis: Redis;
  readonly #observer: StoreObserver;

  constructor(redis: Redis, observer: StoreObserver) {
    this.#redis = redis;
    this.#observer = observer;
    redis.defineCommand('roomTransition', {
      numberOfKeys: 11,
      lua: ['parts.lua', ...PARTS.map((part) => `transitions/${part}.lua`)].map(script).join('\n'),
    });
    redis.defineCommand('forgetWhere', { numberOfKeys: 1, lua: FORGET_WHERE });
    redis.defineCommand('roomIndex', { numberOfKeys: INDEX_KEYS.length, lua: script('roomIndex.lua') });
  }

  /**
   * Creates a room in its backstage, its host on stage.
   * @param address a key of the network address that asks
   * @throws {AppError} QUOTA_EXCEEDED
   */
  async create(
    settings: RoomSettings,
    host: Person,
    { address, quotas, recordingPolicy }: { address: string; quotas: RoomQuotas; recordingPolicy: RecordingPolicy },
  ): Promise<RoomRecord> {
    const id = nanoid();
    const now = Date.now();
    const reserved = await this.#run(() =>
      this.#redis.roomIndex(
        ...INDEX_KEYS,
        ...['reserve', id, host.userId, String(quotas.rooms), String(quotas.perUser)],
        ...[address, String(quotas.perAddressShare)],
      ),
    );
    if (reserved === 0) throw new AppError('QUOTA_EXCEEDED', 'Too many open rooms');
    const member = { ...host, role: 'host', muted: true, away: true, since: now };
    const keys = keysOf(id);
    const write = async () =>
      this.#redis
        .multi()
        .hset(keys.stage, host.userId, JSON.stringify(member))
        .hset(keys.room, {
          ...{ ...settings, broadcast: settings.broadcast ? '1' : '0' },
          ...{ id, seq: 1, phase: 'backstage', locked: '0', createdAt: now },
          ...{ recordingPolicy, recording: recordingPolicy === 'always' ? '1' : '0' },
          ...{ hostId: host.userId, hostName: host.name, parts: '1 1 0 0 0 0' },
        })
        .exec();
    try {
      await this.#run(write);
      return (await this.read(id)).record;
    } catch (error) {
      // Should this fail, too: whoever looks for rooms that no node keeps finds that there is none.
      await this.release(id).catch(() => undefined);
      throw error;
    }
  }

  /** @throws {AppError} ROOM_NOT_FOUND */
  async read(roomId: string): Promise<Transition> {
    return this.transition(roomId, 'read', null);
  }

  /**
   * Runs one transition; what it takes beside `args` (limits, the row of the permission table) is added here.
   * @param args with `fence` where only the room's home may do this
   * @throws {NotHomeError} when it is not
   * @throws {AppError} with the code of the refusal, or UNAVAILABLE when Redis does not answer.
   */
  async transition(
    roomId: string,
    action: Action | SystemAction,
    actor: Actor,
    args: object = {},
  ): Promise<Transition> {
    const allArgs = { ...limitsOf(action), actorName: actor?.name, name: actor?.name, ...args };
    const [, ...rest] = await this.#transition(roomId, action, actor, allArgs);
    return parseRecord(rest);
  }

  /** Spends a ticket. @throws {AppError} BANNED, TICKET_USED, ROOM_ENDED, ROOM_NOT_FOUND, UNAVAILABLE */
  async enter(roomId: string, entering: Entering): Promise<Entered> {
    const [verdict, ...rest] = await this.#transition(roomId, 'peer:enter', null, entering, entering.jti);
    if (verdict === 'unchanged') return { seq: Number(rest[0]), change: null };
    const change = parseRecord(rest);
    return { seq: change.record.seq, change };
  }

  /**
   * Notes on which node a person is connected, once they are: a handshake that nobody waits for any more says nothing.
   * @returns whether they were on another node before
   * @throws {AppError} UNAVAILABLE
   */
  async settle(roomId: string, userId: string, nodeId: string): Promise<boolean> {
    const { where } = keysOf(roomId);
    const answers = await this.#run(() => this.#redis.multi().hget(where, userId).hset(where, userId, nodeId).exec());
    const before = answers?.[0]?.[1];
    return typeof before === 'string' && before !== nodeId;
  }

  /** These people have gone: where they are is forgotten, unless they are on another node by now. @throws {AppError} UNAVAILABLE */
  async unsettle(roomId: string, userIds: readonly string[], nodeId: string): Promise<void> {
    await this.#run(() => this.#redis.forgetWhere(keysOf(roomId).where, nodeId, ...userIds));
  }

  /** Of these people, those who have come in on another node since. @throws {AppError} UNAVAILABLE */
  async findWhoMoved(roomId: string, userIds: readonly string[], nodeId: string): Promise<string[]> {
    if (userIds.length === 0) return [];
    const nodes = await this.#run(() => this.#redis.hmget(keysOf(roomId).where, ...userIds));
    return userIds.filter((_, index) => (nodes[index] ?? nodeId) !== nodeId);
  }

  /** @returns the answer of the script, which is not a refusal */
  async #transition(
    roomId: string,
    action: Action | SystemAction | 'peer:enter',
    actor: Actor,
    args: object,
    jti = 'none',
  ): Promise<unknown[]> {
    const keys = keysOf(roomId);
    const answer = await this.#run(() =>
      this.#redis.roomTransition(
        ...[keys.room, keys.stage, keys.hands, keys.names, keys.invites, keys.bans, `${keys.ticket}${jti}`, keys.home],
        ...[keys.excluded, keys.where, keys.handAddresses, action, actor?.userId ?? '', String(Date.now())],
        JSON.stringify(args),
        JSON.stringify(isAction(action) ? PERMISSIONS[action] : {}),
      ),
    );
    const [verdict, code] = answer;
    if (verdict !== 'error') return answer;
    if (code === 'NOT_HOME') throw new NotHomeError(`${action} is another node's to do`);
    if (code === 'ROOM_LOST') throw new RoomLostError();
    throw new AppError(code as ErrorCode, `${action} was refused`);
  }

  /**
   * Writes a room back as its home knows it, when Redis has lost it or a part of it. Bans are lost with their key, but for those of the
   * last minutes.
   * @throws {NotHomeError} and {AppError} as `transition()`
   */
  async restore(record: RoomRecord, fence: Fence): Promise<Transition> {
    const { id, host, stage, hands, invites, excluded, seq, phase, locked, createdAt, startedAt } = record;
    const { title, description, language, speakerLimit, sound, broadcast } = record;
    const { recordingPolicy, recording, recordedFrom, recordingSince, recordedUntil, recordedMs } = record;
    const settings = {
      ...{ id, title, description, language, speakerLimit, seq, phase, locked: locked ? '1' : '0', createdAt },
      ...{ sound, broadcast: broadcast ? '1' : '0', hostId: host.userId, hostName: host.name },
      ...{ recordingPolicy, recording: recording ? '1' : '0', recordedMs },
      ...withoutNull({ startedAt, recordedFrom, recordingSince, recordedUntil }),
    };
    const parts = {
      stage: [...stage.values()],
      hands,
      invites: [...invites].map(([userId, by]) => ({ userId, by })),
      excluded: [...excluded].map(([userId, exclusion]) => ({ userId, ...exclusion })),
    };
    const restored = await this.transition(id, 'room:restore', null, { fence, record: { settings, ...parts } });
    const reserve = ['reserve', id, host.userId, String(NO_QUOTA), String(NO_QUOTA), '', '1'];
    await this.#run(() => this.#redis.roomIndex(...INDEX_KEYS, ...reserve));
    return restored;
  }

  /** Redis has lost a part of a room that no node remembers: its host has their place again. @throws {AppError} as `transition()` */
  async mend(roomId: string): Promise<RoomRecord> {
    return (await this.transition(roomId, 'room:mend', null)).record;
  }

  /** A room that has ended no longer counts. Harmless when repeated. */
  async release(roomId: string): Promise<void> {
    await this.#run(() => this.#redis.roomIndex(...INDEX_KEYS, 'release', roomId));
  }

  /** Ids of open rooms, oldest first. */
  async openRoomIds(): Promise<string[]> {
    return this.#run(() => this.#redis.zrangebyscore(OPEN_ROOMS_KEY, '-inf', '+inf'));
  }

  async isBanned(roomId: string, userId: string): Promise<boolean> {
    return (await this.#run(() => this.#redis.hexists(keysOf(roomId).bans, userId))) === 1;
  }

  async listBans(roomId: string): Promise<Person[]> {
    const bans = await this.#run(() => this.#redis.hgetall(keysOf(roomId).bans));
    return Object.entries(bans).map(([userId, name]) => ({ userId, name }));
  }

  async #run<T>(command: () => Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      const answer = await command();
      this.#observer.handleAnswer((performance.now() - start) / 1000);
      return answer;
    } catch (error) {
      this.#observer.handleFailure();
      throw new AppError('UNAVAILABLE', 'The store does not answer', { cause: error });
    }
  }
}

/** One hash tag per room: all its keys live in one slot of a Redis Cluster. */
function keysOf(roomId: string) {
  const prefix = `tribune:{${roomId}}:`;
  return {
    room: `${prefix}room`,
    stage: `${prefix}stage`,
    hands: `${prefix}hands`,
    names: `${prefix}names`,
    invites: `${prefix}invites`,
    bans: `${prefix}bans`,
    ticket: `${prefix}ticket:`,
    home: `${prefix}home`,
    excluded: `${prefix}excluded`,
    where: `${prefix}where`,
    handAddresses: `${prefix}handAddresses`,
  };
}

function limitsOf(action: string): object {
  if (action === 'hand:raise') return { maxHands: LIMITS.hands, minHandsPerAddress: MIN_HANDS_PER_ADDRESS };
  if (action === 'stage:invite') return { maxInvites: MAX_INVITES };
  if (action === 'peer:ban') return { maxBans: MAX_BANS };
  if (action === 'cohost:add' || action === 'host:handOver') return { maxCohosts: LIMITS.cohosts };
  return {};
}

function withoutNull(times: Readonly<Record<string, number | null>>): Record<string, number> {
  return Object.fromEntries(Object.entries(times).filter((entry): entry is [string, number] => entry[1] !== null));
}

function isAction(action: string): action is Action {
  return action in PERMISSIONS;
}

function script(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8');
}
