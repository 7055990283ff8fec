import type { Home } from '../cluster/HomeLease.ts';
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { RoomRecord } from '../store/RoomRecord.ts';
import { NotHomeError, RoomLostError, type RoomStore, type Transition } from '../store/RoomStore.ts';

interface RoomRecordCacheOptions {
  readonly record: RoomRecord;
  readonly store: RoomStore;
  /** What a write of the home has to carry; null while this node may make none. */
  readonly fence: () => Home | null;
  readonly logger: Logger;
}

type TransitionArgs = Parameters<RoomStore['transition']> extends [string, ...infer Rest] ? Rest : never;
type Action = TransitionArgs[0];

/** The store's record of one room, as this node holds it: the store decides, and may be away, forget, or come back older. */
export class RoomRecordCache {
  readonly #options: RoomRecordCacheOptions;
  #record: RoomRecord;
  #isStale = false;
  #reading: Promise<void> = Promise.resolve();
  /** One that has not begun. */
  #nextReading: Promise<RoomRecord> | null = null;

  constructor(options: RoomRecordCacheOptions) {
    this.#options = options;
    this.#record = options.record;
  }

  get record(): RoomRecord {
    return this.#record;
  }

  /** The record held may differ from the store's: `refresh()` as soon as it answers. */
  get isStale(): boolean {
    return this.#isStale;
  }

  markStale(): void {
    this.#isStale = true;
  }

  /** Two answers may arrive in either order; the newer one holds both changes. */
  take(record: RoomRecord): void {
    if (record.seq > this.#record.seq) this.#record = record;
  }

  /** @throws {AppError} with the code of the refusal */
  async transition(...args: TransitionArgs): Promise<Transition> {
    const { store, record } = this.#options;
    const run = async () => store.transition(record.id, ...args);
    try {
      return await run().catch(async (error: unknown) => {
        // Whoever asks does not have to wait for the next look.
        if (!isLost(error) || !(await this.#restore())) throw error;
        return run();
      });
    } catch (error) {
      throw this.explain(error);
    }
  }

  /** What a refusal of the store means for a room that is open here. */
  explain(error: unknown): unknown {
    if (!(error instanceof AppError)) return error;
    // It may have run all the same, unheard.
    if (error.code === 'UNAVAILABLE') this.#isStale = true;
    if (error.code !== 'ROOM_NOT_FOUND') return error;
    // The store has lost it, and its home writes it back.
    this.#isStale = true;
    return new AppError('UNAVAILABLE', 'The store has lost the room for a moment', { cause: error });
  }

  /** A change that the home makes by itself. @throws {NotHomeError} where this node is not the home, and as `transition()` */
  async transitionAsHome(action: Action, args: object = {}): Promise<Transition> {
    const fence = this.#options.fence();
    if (!fence) throw new NotHomeError(`${action} is for the home to do`);
    return this.transition(action, null, { ...args, fence });
  }

  /** As another node has changed it. However many ask meanwhile, one more reading answers all of them. @throws {AppError} */
  async read(): Promise<RoomRecord> {
    this.#nextReading ??= this.#reading.then(async () => {
      this.#nextReading = null;
      const reading = this.#read();
      this.#reading = reading.then(
        () => undefined,
        () => undefined,
      );
      return reading;
    });
    return this.#nextReading;
  }

  /**
   * What the store holds counts, also when it came back older than what people were told; then its number goes past that.
   * @returns null where the home has to mend it first, and this node is not the home
   */
  async refresh(): Promise<RoomRecord | null> {
    const record = await this.#readOrRestore();
    if (!record) return null;
    const { seq } = this.#record;
    this.#isStale = false;
    if (record.seq >= seq || record.phase === 'ended') return record;
    if (!this.#options.fence()) return null;
    return (await this.transitionAsHome('room:resume', { seq })).record;
  }

  async #read(): Promise<RoomRecord> {
    const { store, record } = this.#options;
    const answer = await store.read(record.id);
    // A store that came back older is for `refresh()` to mend.
    if (answer.record.seq >= this.#record.seq) this.#isStale = false;
    return answer.record;
  }

  /** The store may have lost the room, as after a flush: its home writes it back as it was, and the others wait for that. */
  async #readOrRestore(): Promise<RoomRecord | null> {
    try {
      return await this.read();
    } catch (error) {
      if (!isLost(error)) throw error;
      return this.#restore();
    }
  }

  /** @returns null where this node is not the home */
  async #restore(): Promise<RoomRecord | null> {
    const { store, fence, logger } = this.#options;
    const home = fence();
    if (!home) return null;
    logger.warn('The store has lost the room or a part of it; writing it back');
    return (await store.restore(this.#record, home)).record;
  }
}

/** The store knows nothing of a room that is open here, or not all of it. */
function isLost(error: unknown): boolean {
  return error instanceof RoomLostError || (error instanceof AppError && error.code === 'ROOM_NOT_FOUND');
}
