import { setTimeout as sleep } from 'node:timers/promises';
import type { Person } from '@tribune/shared/domain.ts';
import { nanoid } from 'nanoid';
import type { Home } from '../cluster/HomeLease.ts';
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { roleOf, type RoomRecord } from '../store/RoomRecord.ts';
import { NotHomeError, RoomLostError, type RoomStore, type Transition } from '../store/RoomStore.ts';
import { applyDecision, isAllowed, isUrgent, type Decision } from './decisions.ts';

/** So long the store has to answer before what is urgent is done without it. */
const PATIENCE_MS = 250;

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
  /** Decided here, and not known to the store. */
  #unwritten: readonly Decision[] = [];
  /** Decided on other nodes, which will write them. */
  #followed: readonly Decision[] = [];
  #record: RoomRecord;
  #isStale = false;
  /** People here were told what the store did not know. */
  #isAhead = false;
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

  /** What was decided here while the store did not answer, and is still to be written. */
  get unwritten(): readonly Decision[] {
    return this.#unwritten;
  }

  /** Two answers may arrive in either order; the newer one holds both changes. What is not written yet goes on to hold. */
  take(record: RoomRecord): void {
    if (record.seq <= this.#record.seq) return;
    const decisions = [...this.#unwritten, ...this.#followed];
    this.#record = decisions.reduce((before, decision) => applyDecision(before, decision).record, record);
  }

  /**
   * As `transition()`; what silences somebody or sends them away is done also where the store does not answer, and written when it does.
   * @returns with `isWritten` false in that case
   */
  async perform(
    action: TransitionArgs[0],
    actor: Person | null,
    args: { readonly userId?: string; readonly muted?: unknown; readonly targetName?: string | undefined },
  ): Promise<Transition & { readonly isWritten: boolean }> {
    const write = async () => ({ ...(await this.transition(action, actor, args)), isWritten: true });
    if (!isUrgent(action, args)) {
      // To the store, nothing has been decided since: it would take a person who unmutes for one who is not muted.
      await this.#writeDecisions();
      return write();
    }
    const writing = write();
    const limit = new AbortController();
    const patience = sleep(PATIENCE_MS, null, { signal: limit.signal }).catch(() => null);
    try {
      const written = await Promise.race([writing, patience]);
      if (written) return written;
    } catch (error) {
      if (!(error instanceof AppError && error.code === 'UNAVAILABLE')) throw error;
    } finally {
      limit.abort();
    }
    writing.catch(() => undefined);
    const { userId, targetName = '' } = args;
    const target = userId === undefined ? null : { userId, role: roleOf(this.#record, userId), name: targetName };
    // A peer is a person, too, and has more to it than others need to know.
    const by = actor && { userId: actor.userId, name: actor.name };
    const decision = { id: nanoid(), action, actor: by, target, seq: this.#record.seq };
    if (!isAllowed(this.#record, decision)) throw new AppError('NOT_ALLOWED', `${action} was refused`);
    this.#options.logger.warn(
      { action },
      'The store does not answer; what was decided holds here, and is written later',
    );
    this.#unwritten = [...this.#unwritten, decision];
    this.#isAhead = true;
    this.#isStale = true;
    return { ...this.#decide(decision), isWritten: false };
  }

  /**
   * Decisions of other nodes that are not written yet, as these report them.
   * @returns what those change that are new
   */
  follow(decisions: readonly Decision[]): Transition[] {
    const known = new Set(this.#followed.map(({ id }) => id));
    this.#followed = decisions;
    return decisions.filter(({ id }) => !known.has(id)).map((decision) => this.#decide(decision));
  }

  /** The record with a decision that the store does not know; not yet that which is held. */
  #decide(decision: Decision): Transition {
    const { record, effects } = applyDecision(this.#record, decision);
    return { record: record === this.#record ? record : { ...record, seq: record.seq + 1 }, effects };
  }

  /** @throws {AppError} with the code of the refusal */
  async transition(...args: TransitionArgs): Promise<Transition> {
    const { store, record } = this.#options;
    const run = async () => store.transition(record.id, ...args);
    try {
      return await run().catch(async (error: unknown) => {
        // Whoever asks does not have to wait for the next look.
        if (!isLost(error) || !(await this.#restore().catch(nullUnlessHome))) throw error;
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
    await this.#writeDecisions();
    const record = await this.#readOrRestore();
    if (!record) return null;
    const { seq } = this.#record;
    this.#isStale = false;
    // Where people were told what the store did not know, it may be of the same number and another one.
    const isNewer = record.seq > seq || record.phase === 'ended';
    const answer = this.#isAhead && !isNewer ? (await this.transition('room:resume', null, { seq })).record : record;
    this.#isAhead = false;
    if (isNewer || answer !== record) return answer;
    if (record.seq === seq) return record;
    if (!this.#options.fence()) return null;
    return (await this.transitionAsHome('room:resume', { seq })).record;
  }

  /** @throws {AppError} UNAVAILABLE, and what is left is written the next time */
  async #writeDecisions(): Promise<void> {
    for (const decision of [...this.#unwritten]) {
      const { action, actor, target, seq: decidedAt } = decision;
      const args = { ...(target && { userId: target.userId, targetRole: target.role, targetName: target.name }) };
      try {
        await this.transition(action, actor, { muted: true, ...args, decidedAt });
      } catch (error) {
        if (!(error instanceof AppError) || error.code === 'UNAVAILABLE') throw error;
        this.#options.logger.warn(
          { action, code: error.code },
          'What was decided while the store was away does not hold any more',
        );
      }
      this.#unwritten = this.#unwritten.filter((other) => other !== decision);
    }
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

/** The lease was lost with the room, and is taken anew with the next look. */
function nullUnlessHome(error: unknown): null {
  if (error instanceof NotHomeError) return null;
  throw error;
}

/** The store knows nothing of a room that is open here, or not all of it. */
function isLost(error: unknown): boolean {
  return error instanceof RoomLostError || (error instanceof AppError && error.code === 'ROOM_NOT_FOUND');
}
