import type { Home } from '../cluster/HomeLease.ts';
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { RoomRecord } from '../store/RoomRecord.ts';
import type { RoomStore, Transition } from '../store/RoomStore.ts';

interface RoomLedgerOptions {
  readonly record: RoomRecord;
  readonly store: RoomStore;
  /** What a change of the server has to carry; null when this node may not make any. */
  readonly fence: () => Home | null;
  readonly logger: Logger;
}

type TransitionArgs = Parameters<RoomStore['transition']> extends [string, ...infer Rest] ? Rest : never;
type Action = TransitionArgs[0];

/** What became of the record held, once the store was asked. */
export interface Reread extends Transition {
  /** It is this node that has brought the store up to date, and the others have to be told. */
  readonly isOurs: boolean;
}

/** The store's record of one room, as this node has it: the store decides, and may be away, forget, or come back older. */
export class RoomLedger {
  readonly #options: RoomLedgerOptions;
  #record: RoomRecord;
  #inDoubt = false;

  constructor(options: RoomLedgerOptions) {
    this.#options = options;
    this.#record = options.record;
  }

  get record(): RoomRecord {
    return this.#record;
  }

  /** The record held may differ from the store's: `reread()` as soon as it answers. */
  get inDoubt(): boolean {
    return this.#inDoubt;
  }

  doubt(): void {
    this.#inDoubt = true;
  }

  /** Two answers may arrive in either order; the newer one holds both changes. */
  take(record: RoomRecord): void {
    if (record.seq > this.#record.seq) this.#record = record;
  }

  /** @throws {AppError} with the code of the refusal */
  async transition(...args: TransitionArgs): Promise<Transition> {
    const { store, record } = this.#options;
    try {
      return await store.transition(record.id, ...args);
    } catch (error) {
      // It may have run all the same, unheard.
      if (error instanceof AppError && error.code === 'UNAVAILABLE') this.#inDoubt = true;
      throw error;
    }
  }

  /** A change that the home makes by itself. @throws {NotHomeError} and as `transition()` */
  async keepUp(action: Action, args: object = {}): Promise<Transition> {
    return this.transition(action, null, { ...args, fence: this.#options.fence() });
  }

  /** As another node has changed it. @throws {AppError} */
  async read(): Promise<RoomRecord> {
    const { store, record } = this.#options;
    return (await store.read(record.id)).record;
  }

  /**
   * Ends the doubt: what the store holds counts, also when it came back older than what was told; then its number goes past that.
   * @returns null when it is for the home to mend, and this node is not
   */
  async reread(): Promise<Reread | null> {
    const record = await this.#readOrRestore();
    if (!record) return null;
    const { seq } = this.#record;
    this.#inDoubt = false;
    if (record.seq >= seq || record.phase === 'ended') return { record, effects: [], isOurs: false };
    if (!this.#options.fence()) return null;
    return { ...(await this.keepUp('room:resume', { seq })), isOurs: true };
  }

  /** The store may have lost the room, as after a flush: its home writes it back as it was, and the others wait for that. */
  async #readOrRestore(): Promise<RoomRecord | null> {
    const { store, fence, logger } = this.#options;
    try {
      return await this.read();
    } catch (error) {
      if (!(error instanceof AppError && error.code === 'ROOM_NOT_FOUND')) throw error;
      if (!fence()) return null;
      logger.warn('The store has lost the room; writing it back');
      await store.restore(this.#record);
      return this.read();
    }
  }
}
