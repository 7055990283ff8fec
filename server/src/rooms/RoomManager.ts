import { setTimeout as sleep } from 'node:timers/promises';
import type { Person, RoomInfo } from '@tribune/shared/domain.ts';
import type { RoomSettings } from '@tribune/shared/schemas.ts';
import type { ClusterContext } from '../cluster/ClusterContext.ts';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { Recorder } from '../broadcast/Recorder.ts';
import type { WorkerPool } from '../media/WorkerPool.ts';
import type { Mixer } from '../mixer/Mixer.ts';
import type { RoomDirectory } from '../store/RoomDirectory.ts';
import { toRoomInfo, type RoomRecord } from '../store/RoomRecord.ts';
import { RoomLostError, type RoomStore } from '../store/RoomStore.ts';
import { Room, type RoomConfig } from './Room.ts';
import type { RoomAudience } from './RoomNotifier.ts';
import type { RoomObserver } from './RoomObserver.ts';

const TICK_MS = 1000;
/** The page asks for the list again and again, and so may anybody. */
const LIST_LIFE_MS = 1000;
const MAX_LISTED = 200;
/** Every node that has a room open reports on it with each tick: after so long all have. */
const REPORTS_HEARD_MS = 1500;
/** Rooms that no node keeps are looked for so often, in ticks. */
const TICKS_PER_ORPHAN_SEARCH = 5;
/** Rooms that are opened in one go: a large cluster that lost a node has many orphans. */
const ORPHANS_AT_ONCE = 50;

interface RoomManagerOptions {
  readonly store: RoomStore;
  readonly directory: RoomDirectory;
  readonly pool: WorkerPool;
  readonly mixer: Mixer;
  readonly recorder: Recorder;
  readonly config: RoomConfig & Pick<Config, 'MAX_ROOMS' | 'MAX_ROOMS_PER_USER' | 'RECORDING'>;
  readonly logger: Logger;
  readonly audienceOf: (roomId: string) => RoomAudience;
  readonly observer: RoomObserver;
  readonly cluster: ClusterContext;
}

/** The open rooms of this node. */
export class RoomManager {
  readonly #options: RoomManagerOptions;
  readonly #rooms = new Map<string, Room>();
  /** Rooms that no node keeps and of which Redis has lost a part, as of the last search. */
  #damaged = new Set<string>();
  #timer: NodeJS.Timeout | null = null;
  #ticks = 0;
  #listed: { readonly rooms: readonly RoomInfo[]; readonly atMs: number } | null = null;
  #closed = false;

  constructor(options: RoomManagerOptions) {
    this.#options = options;
  }

  /** Takes up the rooms that no node keeps, and starts to keep its own unless it is closed. Idempotent. @throws {AppError} UNAVAILABLE */
  async load(): Promise<void> {
    const { cluster, store, directory } = this.#options;
    await directory.mayHaveLostRooms();
    await this.#adopt(cluster.isAlone() ? await store.openRoomIds() : await directory.findOrphans());
    if (!this.#closed) this.#timer ??= setInterval(() => void this.#tick(), TICK_MS);
  }

  /** The store was away: what it holds now is taken over, older or newer. */
  refresh(): void {
    for (const room of this.#rooms.values()) room.markStale();
  }

  get rooms(): ReadonlyMap<string, Room> {
    return this.#rooms;
  }

  /** Connected to this node and not on stage, in all rooms. */
  get listeners(): number {
    return [...this.#rooms.values()].reduce((sum, room) => sum + room.audienceCount, 0);
  }

  /** Connections to this node. */
  get presentCount(): number {
    return [...this.#rooms.values()].reduce((sum, room) => sum + room.presentCount, 0);
  }

  /** The stage is placed when somebody first needs it. @throws {AppError} QUOTA_EXCEEDED, SERVER_BUSY where no node takes another room */
  async create(settings: RoomSettings, host: Person, address: string): Promise<RoomInfo> {
    const { store, config, cluster } = this.#options;
    if (!cluster.pickHome()) throw new AppError('SERVER_BUSY', 'No mixer has room for another room');
    const { MAX_ROOMS: rooms, MAX_ROOMS_PER_USER: perUser, PER_ADDRESS_SHARE: perAddressShare } = config;
    const quotas = { rooms, perUser, perAddressShare };
    const recordingPolicy = cluster.whyNotRecording() ? 'off' : config.RECORDING;
    const made = await store.create(settings, host, { address, quotas, recordingPolicy });
    const room = this.#open(made);
    await room.open({ eager: true });
    return room.toInfo();
  }

  /** @throws {AppError} ROOM_NOT_FOUND, ROOM_ENDED, UNAVAILABLE */
  async getOrThrow(roomId: string): Promise<Room> {
    const room = this.#rooms.get(roomId);
    if (room) return room;
    if (this.#closed) throw new AppError('UNAVAILABLE', 'The server is stopping');
    const record = await this.#read(roomId);
    if (record.phase === 'ended') throw new AppError('ROOM_ENDED', 'The room has ended');
    const opened = this.#open(record);
    // Where no other node lives, nobody has to be waited for.
    await opened.open({ eager: this.#options.cluster.isAlone() });
    return opened;
  }

  /** @throws {AppError} ROOM_NOT_FOUND, UNAVAILABLE */
  async describe(roomId: string): Promise<RoomInfo> {
    const room = this.#rooms.get(roomId);
    if (room) return room.toInfo();
    const record = await this.#read(roomId);
    const card = (await this.#options.directory.list()).get(roomId);
    return toRoomInfo(record, record.phase === 'ended' ? 0 : (card?.listeners ?? 0));
  }

  /** @throws {AppError} BANNED, UNAVAILABLE */
  async assertNotBanned(roomId: string, userId: string): Promise<void> {
    if (await this.#options.store.isBanned(roomId, userId)) throw new AppError('BANNED', 'Banned from this room');
  }

  /**
   * Those with somebody in them: live rooms first, then the newest. Of very many, those with the largest audiences. The same on every
   * node, and as of a second ago at most; a room that ended here is not among them from that moment on.
   */
  async list(): Promise<readonly RoomInfo[]> {
    const nowMs = performance.now();
    if (!this.#listed || nowMs - this.#listed.atMs >= LIST_LIFE_MS)
      this.#listed = { rooms: await this.#collectRooms(), atMs: nowMs };
    return this.#listed.rooms;
  }

  async #collectRooms(): Promise<RoomInfo[]> {
    const byPhase = (a: RoomInfo, b: RoomInfo) => Number(b.phase === 'live') - Number(a.phase === 'live');
    return [...(await this.#readCards()).values()]
      .toSorted((a, b) => byPhase(a, b) || b.listeners - a.listeners)
      .slice(0, MAX_LISTED)
      .toSorted((a, b) => byPhase(a, b) || b.createdAt - a.createdAt);
  }

  /** By room id. */
  async #readCards(): Promise<ReadonlyMap<string, RoomInfo>> {
    const cards = new Map(await this.#options.directory.list());
    // What this node says of its own rooms is newer than what it said a second ago.
    for (const { roomId, card } of this.#kept()) {
      if (card) cards.set(roomId, card);
      else cards.delete(roomId);
    }
    return cards;
  }

  /** Every open room of the cluster, those with nobody in them too, oldest first. @throws {AppError} UNAVAILABLE */
  async listOpen(): Promise<RoomInfo[]> {
    const { store } = this.#options;
    const cards = await this.#readCards();
    const rooms = (await store.openRoomIds()).map(async (roomId) => {
      const record = cards.has(roomId) ? null : await readOrNull(store, roomId);
      return cards.get(roomId) ?? (record && toRoomInfo(record, 0));
    });
    return (await Promise.all(rooms)).filter((room) => room !== null);
  }

  /**
   * A room as `getOrThrow()` has it, once this node has heard from the others who is in it.
   * @throws {AppError} ROOM_NOT_FOUND, ROOM_ENDED, UNAVAILABLE
   */
  async getWithPeople(roomId: string): Promise<Room> {
    const isOpen = this.#rooms.has(roomId);
    const room = await this.getOrThrow(roomId);
    if (!isOpen && !this.#options.cluster.isAlone()) await sleep(REPORTS_HEARD_MS);
    return room;
  }

  /** Gives the stages of all rooms to other nodes. */
  async releaseAll(): Promise<void> {
    await Promise.all([...this.#rooms.values()].map(async (room) => room.release()));
  }

  /** So many people go to other nodes. */
  async moveAway(count: number): Promise<void> {
    let left = count;
    for (const room of this.#rooms.values()) left -= await room.moveAway(left);
  }

  /** The process goes down: people are told to come back, rooms stay open in the store. */
  close(): void {
    this.#closed = true;
    if (this.#timer) clearInterval(this.#timer);
    for (const room of [...this.#rooms.values()]) room.close('restarting');
  }

  /** @throws {AppError} ROOM_NOT_FOUND, or UNAVAILABLE where another node may still write the room back */
  async #read(roomId: string): Promise<RoomRecord> {
    const { store, directory } = this.#options;
    const record = await readOrNull(store, roomId);
    if (record) return record;
    if (await directory.mayHaveLostRooms()) throw new RoomLostError();
    throw new AppError('ROOM_NOT_FOUND', 'There is no such room');
  }

  async #tick(): Promise<void> {
    for (const room of this.#rooms.values()) void room.tick();
    try {
      await this.#options.directory.keep(this.#kept());
      if (++this.#ticks % TICKS_PER_ORPHAN_SEARCH === 0 && !this.#options.cluster.isDraining())
        await this.#adopt((await this.#options.directory.findOrphans()).slice(0, ORPHANS_AT_ONCE));
    } catch (error) {
      // Redis is away, which is logged once where it is noticed.
      this.#options.logger.debug({ err: error }, 'The list of rooms could not be kept up');
    }
  }

  /** Rooms that have their home here. */
  #kept(): { roomId: string; card: RoomInfo | null }[] {
    return [...this.#rooms.values()]
      .filter((room) => room.home.kind === 'here')
      .map((room) => ({ roomId: room.id, card: room.presentEverywhere > 0 ? room.toInfo() : null }));
  }

  /** Opens rooms that no node keeps, so that somebody ends them when nobody comes. @throws {AppError} UNAVAILABLE */
  async #adopt(roomIds: readonly string[]): Promise<void> {
    const { store, cluster, logger } = this.#options;
    const damaged = new Set<string>();
    for (const roomId of roomIds) {
      if (this.#closed || this.#rooms.has(roomId)) continue;
      try {
        const record = await readOrNull(store, roomId);
        if (record && record.phase !== 'ended') await this.#open(record).open({ eager: cluster.isAlone() });
        else await store.release(roomId);
      } catch (error) {
        if (error instanceof RoomLostError) damaged.add(roomId);
        else if (error instanceof AppError && error.code === 'UNAVAILABLE') throw error;
        // One room that cannot be read keeps no other from being taken up.
        else logger.error({ err: error, roomId }, 'A room in the store cannot be read');
      }
    }
    // A node that remembers the room takes it up before the next search.
    for (const roomId of damaged) if (cluster.isAlone() || this.#damaged.has(roomId)) await this.#mend(roomId);
    this.#damaged = damaged;
  }

  async #mend(roomId: string): Promise<void> {
    const { store, cluster, logger } = this.#options;
    try {
      const record = await store.mend(roomId);
      logger.warn({ roomId }, 'Redis has lost a part of a room that no node remembers; its host has their place again');
      await this.#open(record).open({ eager: cluster.isAlone() });
    } catch (error) {
      logger.error({ err: error, roomId }, 'A room in the store cannot be mended');
    }
  }

  #open(record: RoomRecord): Room {
    const known = this.#rooms.get(record.id);
    if (known) return known;
    const { audienceOf, ...options } = this.#options;
    const { store, directory, logger } = options;
    const room = new Room({ ...options, record, audience: audienceOf(record.id) });
    this.#rooms.set(record.id, room);
    room.once('closed', () => {
      this.#rooms.delete(record.id);
      if (room.record.phase !== 'ended') return;
      this.#listed = null;
      logger.info({ roomId: record.id }, 'Room ended');
      Promise.all([store.release(record.id), directory.drop(record.id)]).catch((error: unknown) => {
        // Released by whoever next looks for rooms that no node keeps, since the store knows that it ended.
        logger.warn({ err: error, roomId: record.id }, 'An ended room could not be released');
      });
    });
    logger.info({ roomId: record.id, phase: record.phase }, 'Room opened');
    return room;
  }
}

async function readOrNull(store: RoomStore, roomId: string): Promise<RoomRecord | null> {
  try {
    return (await store.read(roomId)).record;
  } catch (error) {
    if (error instanceof AppError && error.code === 'ROOM_NOT_FOUND') return null;
    throw error;
  }
}
