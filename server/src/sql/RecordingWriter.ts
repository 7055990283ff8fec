import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import type { Database } from './Database.ts';
import { SqlError } from './SqlError.ts';
import type { Chapter, Gap, NewRecording, ReactionCount, RecordingLog, SegmentRun, Stretch } from './recording.ts';
import { upsertReactions } from './reactionCounts.ts';
import type { Tables } from './tables.ts';
import {
  finishRecording,
  upsertChapter,
  upsertGap,
  upsertRecording,
  upsertRun,
  upsertStretch,
} from './recordingWrites.ts';

/** What comes within this is written at once. */
const FLUSH_AFTER_MS = 100;
const RETRY_MS = 1000;
const BATCH = 200;
const LAST_FLUSH_MS = 2000;
/** About an hour of a hundred lively rooms: what is told again replaces what waits. */
const MOST_WAITING = 50_000;

interface Write {
  readonly recordingId: string;
  /** May be repeated: an answer can be lost after the write. */
  readonly apply: (db: Kysely<Tables>) => Promise<unknown>;
}

interface RecordingWriterEvents {
  /** Something of a recording will be in no row: too much waits already, or its row is gone. Told once until all else is written. */
  lost: [{ readonly recordingId: string; readonly reason: 'queue' | 'refused' }];
}

export interface RecordingWriterOptions {
  readonly database: Database;
  readonly mostWaiting?: number;
}

/** Keeps what recorders tell in memory until the database has it, in the order told. */
export class RecordingWriter extends EventEmitter<RecordingWriterEvents> implements RecordingLog {
  readonly #database: Database;
  readonly #mostWaiting: number;
  /** By what it is about, so that a run that grows takes one place. */
  readonly #waiting = new Map<string, Write>();
  readonly #lossTold = new Set<string>();
  readonly #closing = new AbortController();
  #lostCount = 0;
  #flushing: Promise<void> | null = null;

  constructor({ database, mostWaiting = MOST_WAITING }: RecordingWriterOptions) {
    super();
    this.#database = database;
    this.#mostWaiting = mostWaiting;
  }

  /** Writes that wait for the database. */
  get waitingCount(): number {
    return this.#waiting.size;
  }

  /** Writes that will never be made. */
  get lostCount(): number {
    return this.#lostCount;
  }

  start(recording: NewRecording): void {
    const now = Date.now();
    // Each part has a place of its own, before what was stored of it.
    this.#add(recording.id, `start ${recording.startedAt}`, async (db) => upsertRecording(db, recording, now));
  }

  addRun(recordingId: string, run: SegmentRun): void {
    const now = Date.now();
    this.#add(recordingId, `run ${run.node} ${run.first}`, async (db) => upsertRun(db, recordingId, run, now));
  }

  addGap(recordingId: string, gap: Gap): void {
    this.#add(recordingId, `gap ${gap.from} ${gap.reason}`, async (db) => upsertGap(db, recordingId, gap));
  }

  addStretch(recordingId: string, stretch: Stretch): void {
    const { kind, person, from } = stretch;
    this.#add(recordingId, `${kind} ${person.userId} ${from}`, async (db) => upsertStretch(db, recordingId, stretch));
  }

  addChapter(recordingId: string, chapter: Chapter): void {
    this.#add(recordingId, `chapter ${chapter.id}`, async (db) => upsertChapter(db, recordingId, chapter));
  }

  addReactions(recordingId: string, reactions: ReactionCount): void {
    this.#add(recordingId, `reactions ${reactions.at}`, async (db) => upsertReactions(db, recordingId, reactions));
  }

  finish(recordingId: string, end: { readonly endedAt: number }): void {
    this.#add(recordingId, 'finish', async (db) => finishRecording(db, recordingId, end));
  }

  /** Resolves when all that was told before has been written or lost, or when the writer is closed. */
  async flush(): Promise<void> {
    while (this.#flushing && !this.#closing.signal.aborted) await this.#flushing;
  }

  /** Writes what waits, if the database takes it now; the rest is lost. */
  async close(): Promise<void> {
    await Promise.race([this.flush(), sleep(LAST_FLUSH_MS, undefined, { ref: false })]);
    this.#closing.abort();
    for (const { recordingId } of this.#waiting.values()) this.#lose(recordingId, 'queue');
    this.#waiting.clear();
  }

  #add(recordingId: string, about: string, apply: Write['apply']): void {
    const key = `${recordingId} ${about}`;
    const isNew = !this.#waiting.has(key);
    if (this.#closing.signal.aborted || (isNew && this.#waiting.size >= this.#mostWaiting)) {
      this.#lose(recordingId, 'queue');
      return;
    }
    // Behind what was told before it; whatever else is told anew keeps its place.
    if (about === 'finish') this.#waiting.delete(key);
    this.#waiting.set(key, { recordingId, apply });
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = null;
    });
  }

  async #flush(): Promise<void> {
    const { signal } = this.#closing;
    const pause = async (ms: number) => sleep(ms, undefined, { signal, ref: false }).catch(() => undefined);
    await pause(FLUSH_AFTER_MS);
    while (this.#waiting.size > 0 && !signal.aborted) {
      const batch = [...this.#waiting].slice(0, BATCH);
      if (!(await this.#write(batch))) await pause(RETRY_MS);
    }
    this.#lossTold.clear();
  }

  /** @returns false where the database is away */
  async #write(batch: readonly [string, Write][]): Promise<boolean> {
    try {
      await this.#database.transact(async (db) => {
        for (const [, { apply }] of batch) await apply(db);
      });
    } catch (error) {
      if (error instanceof SqlError && error.reason === 'UNAVAILABLE') return false;
      const [first] = batch;
      // One that is refused must not keep the others.
      if (batch.length === 1 && first) this.#lose(first[1].recordingId, 'refused');
      else {
        for (const entry of batch) if (!(await this.#write([entry]))) return false;
        return true;
      }
    }
    // What was told again meanwhile stays.
    for (const [key, write] of batch) if (this.#waiting.get(key) === write) this.#waiting.delete(key);
    return true;
  }

  #lose(recordingId: string, reason: 'queue' | 'refused'): void {
    this.#lostCount += 1;
    if (this.#lossTold.has(recordingId)) return;
    this.#lossTold.add(recordingId);
    this.emit('lost', { recordingId, reason });
  }
}
