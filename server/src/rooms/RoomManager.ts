import type { Person, RoomInfo } from '@tribune/shared/domain.ts';
import type { RoomSettings } from '@tribune/shared/schemas.ts';
import type { RoomReport } from '../cluster/RoomNodes.ts';
import type { ClusterContext } from '../cluster/RoomHome.ts';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { WorkerPool } from '../media/WorkerPool.ts';
import type { Mixer } from '../mixer/Mixer.ts';
import type { RoomRecord } from '../store/RoomRecord.ts';
import type { RoomStore } from '../store/RoomStore.ts';
import type { RoomChannel } from './Herald.ts';
import type { RoomObserver } from './RoomObserver.ts';
import { Room, type RoomConfig } from './Room.ts';
import { toRoomInfo } from './roomInfo.ts';

const TICK_MS = 1000;

interface RoomManagerOptions {
  readonly store: RoomStore;
  readonly pool: WorkerPool;
  readonly mixer: Mixer;
  readonly config: RoomConfig & Pick<Config, 'MAX_ROOMS' | 'MAX_ROOMS_PER_USER'>;
  readonly logger: Logger;
  readonly channelOf: (roomId: string) => RoomChannel;
  readonly observer: RoomObserver;
  readonly cluster: ClusterContext;
}

/** The open rooms of this node. */
export class RoomManager {
  readonly #options: RoomManagerOptions;
  readonly #rooms = new Map<string, Room>();
  /** What homes on other nodes say of their rooms. */
  readonly #elsewhere = new Map<string, RoomReport>();
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(options: RoomManagerOptions) {
    this.#options = options;
    this.#listen();
  }

  /** What other nodes say of rooms, those that nobody has opened here included. */
  #listen(): void {
    const { bus } = this.#options.cluster;
    bus.on('room:report', (report) => {
      this.#rooms.get(report.roomId)?.home.handleReport(report);
      if (report.info) this.#elsewhere.set(report.roomId, report);
      else if (this.#elsewhere.get(report.roomId)?.nodeId === report.nodeId) this.#elsewhere.delete(report.roomId);
    });
    bus.on('room:changed', (change) => this.#tell(change.roomId, async (room) => room.handleChange(change)));
    bus.on('room:released', ({ roomId, nodeId }) =>
      this.#tell(roomId, async (room) => room.home.handleReleased(nodeId)),
    );
  }

  #tell(roomId: string, handle: (room: Room) => Promise<void>): void {
    const room = this.#rooms.get(roomId);
    if (!room) return;
    handle(room).catch((error: unknown) => {
      // The next second says it again.
      this.#options.logger.debug({ err: error, roomId }, 'Word of another node was not followed');
      room.doubtStore();
    });
  }

  /** Takes up the rooms that were open when the last server stopped, and starts to keep them. @throws {AppError} UNAVAILABLE */
  async load(): Promise<void> {
    const { store } = this.#options;
    for (const roomId of await store.openRoomIds()) {
      const record = await readOrNull(store, roomId);
      if (record && record.phase !== 'ended') await this.#open(record).home.claim({ eager: this.#isAlone });
      else await store.release(roomId);
    }
    this.#timer = setInterval(() => {
      for (const room of this.#rooms.values()) void room.tick();
    }, TICK_MS);
  }

  /** The store was away: what it holds now is taken over, older or newer. */
  refresh(): void {
    for (const room of this.#rooms.values()) room.doubtStore();
  }

  get rooms(): ReadonlyMap<string, Room> {
    return this.#rooms;
  }

  /** Connected to this node and not on stage, in all rooms. */
  get listeners(): number {
    return [...this.#rooms.values()].reduce((sum, room) => sum + room.audienceCount, 0);
  }

  /** @throws {AppError} QUOTA_EXCEEDED */
  async create(settings: RoomSettings, host: Person): Promise<Room> {
    const { store, config } = this.#options;
    const quotas = { rooms: config.MAX_ROOMS, perUser: config.MAX_ROOMS_PER_USER };
    const room = this.#open(await store.create(settings, host, quotas));
    await room.home.claim({ eager: true });
    return room;
  }

  /** @throws {AppError} ROOM_NOT_FOUND, ROOM_ENDED, UNAVAILABLE */
  async getOrThrow(roomId: string): Promise<Room> {
    const room = this.#rooms.get(roomId);
    if (room) return room;
    if (this.#closed) throw new AppError('UNAVAILABLE', 'The server is stopping');
    const { record } = await this.#options.store.read(roomId);
    if (record.phase === 'ended') throw new AppError('ROOM_ENDED', 'The room has ended');
    const opened = this.#open(record);
    await opened.home.claim({ eager: this.#isAlone });
    return opened;
  }

  /** No other node is there: nobody has to be waited for. */
  get #isAlone(): boolean {
    return this.#options.cluster.isAlone();
  }

  /** @throws {AppError} ROOM_NOT_FOUND, UNAVAILABLE */
  async describe(roomId: string): Promise<RoomInfo> {
    const room = this.#rooms.get(roomId);
    return room ? room.toInfo() : toRoomInfo((await this.#options.store.read(roomId)).record, 0);
  }

  /** Live rooms first, then the newest. */
  list(): RoomInfo[] {
    const { findNode } = this.#options.cluster;
    const here = [...this.#rooms.values()].filter((room) => room.presentCount + room.home.nodes.present > 0);
    const elsewhere = [...this.#elsewhere.values()].filter(
      ({ roomId, nodeId }) => !this.#rooms.has(roomId) && findNode(nodeId),
    );
    const rooms = [...here.map((room) => room.toInfo()), ...elsewhere.map(({ info }) => info!)];
    return rooms.toSorted(
      (a, b) => Number(b.phase === 'live') - Number(a.phase === 'live') || b.createdAt - a.createdAt,
    );
  }

  /** Gives the stages of all rooms to whoever takes them. */
  async releaseAll(): Promise<void> {
    await Promise.all([...this.#rooms.values()].map(async (room) => room.home.release()));
  }

  /** So many people go to other nodes. @returns how many there were to go */
  async moveAway(count: number): Promise<number> {
    let left = count;
    for (const room of this.#rooms.values()) left -= await room.moveAway(left);
    return count - left;
  }

  /** Connections to this node. */
  get presentCount(): number {
    return [...this.#rooms.values()].reduce((sum, room) => sum + room.presentCount, 0);
  }

  /** The process goes down: people are told to come back, rooms stay open in the store. */
  close(): void {
    this.#closed = true;
    if (this.#timer) clearInterval(this.#timer);
    for (const room of [...this.#rooms.values()]) room.close('restarting');
  }

  #open(record: RoomRecord): Room {
    const known = this.#rooms.get(record.id);
    if (known) return known;
    const { channelOf, ...options } = this.#options;
    const { store, logger } = options;
    const room = new Room({ ...options, record, channel: channelOf(record.id) });
    this.#rooms.set(record.id, room);
    room.once('closed', () => {
      this.#rooms.delete(record.id);
      if (room.record.phase !== 'ended') return;
      logger.info({ roomId: record.id }, 'Room ended');
      store.release(record.id).catch((error: unknown) => {
        // Released at the next start, since the store knows that it ended.
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
