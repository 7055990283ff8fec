import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { recordingPrefix } from '../archive/Archive.ts';
import type { ObjectStore } from '../objects/ObjectStore.ts';
import { StorageError } from '../objects/StorageError.ts';
import { readSegmentKey } from './storedSegments.ts';

/** Segments that are stored at the same time. */
const CONCURRENCY = 8;
/** What may wait: a node that records 100 rooms at 32 kbit/s has 80 s until then. */
const MAX_WAITING_BYTES = 32 * 1024 * 1024;
const RETRY_MS = 1000;
/** A segment that could not be stored for so long is given up. */
export const GIVE_UP_MS = 60_000;

export interface QueuedSegment {
  readonly recordingId: string;
  readonly index: number;
  readonly key: string;
  readonly bytes: Buffer;
  /** Unix time in ms up to which its sound has come. */
  readonly until: number;
  /** False where something of it did not come to this node. */
  readonly isWhole: boolean;
}

interface QueueLimits {
  readonly maxWaitingBytes?: number;
  readonly retryMs?: number;
  readonly giveUpMs?: number;
}

interface SegmentEvents {
  /** It waits to be stored. */
  queued: [QueuedSegment];
  written: [QueuedSegment];
  /** @param reason as of a `Gap` */
  lost: [QueuedSegment, string];
}

/** Where segments go. */
export abstract class SegmentSink extends EventEmitter<SegmentEvents> {
  abstract push(segment: QueuedSegment): void;
  /** Those of one recording that another node was to store, which is gone: whatever it has not stored is. */
  abstract rescue(segments: readonly QueuedSegment[]): void;
  /** Resolves when nothing of the recording waits any more. */
  abstract whenIdle(recordingId: string): Promise<void>;
}

/**
 * Stores segments, and never holds up whoever makes them: what a slow storage does not take in time, and what a full one refuses, is
 * given up and told.
 */
export class SegmentQueue extends SegmentSink {
  readonly #objects: Pick<ObjectStore, 'put' | 'list'>;
  readonly #limits: Required<QueueLimits>;
  /** By key: of one that is told again, the last is stored, and never two at once. */
  readonly #waiting = new Map<string, QueuedSegment>();
  readonly #storing = new Set<string>();
  /** Waiting and being stored, by recording. */
  readonly #unsettled = new Map<string, number>();
  readonly #idle = new Map<string, PromiseWithResolvers<void>>();
  #waitingBytes = 0;

  constructor(objects: Pick<ObjectStore, 'put' | 'list'>, limits: QueueLimits = {}) {
    super();
    this.#objects = objects;
    this.#limits = { maxWaitingBytes: MAX_WAITING_BYTES, retryMs: RETRY_MS, giveUpMs: GIVE_UP_MS, ...limits };
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  push(segment: QueuedSegment): void {
    const { recordingId, bytes, key } = segment;
    const before = this.#waiting.get(key);
    if (before) {
      this.#waitingBytes -= before.bytes.length;
      this.#waiting.delete(key);
    } else this.#hold(recordingId);
    if (this.#waitingBytes + bytes.length > this.#limits.maxWaitingBytes) {
      this.emit('lost', segment, 'SLOW');
      this.#settle(recordingId);
      return;
    }
    this.#waitingBytes += bytes.length;
    this.#waiting.set(key, segment);
    this.emit('queued', segment);
    this.#next();
  }

  rescue(segments: readonly QueuedSegment[]): void {
    const recordingId = segments[0]?.recordingId;
    if (recordingId === undefined) return;
    this.#hold(recordingId);
    void this.#listStored(recordingId).then((stored) => {
      for (const segment of segments) if (!stored.has(nameOf(segment.key))) this.push(segment);
      this.#settle(recordingId);
    });
  }

  async whenIdle(recordingId: string): Promise<void> {
    if (!this.#unsettled.has(recordingId)) return;
    const idle = this.#idle.get(recordingId) ?? Promise.withResolvers<void>();
    this.#idle.set(recordingId, idle);
    return idle.promise;
  }

  #next(): void {
    for (const [key, segment] of this.#waiting) {
      if (this.#storing.size >= CONCURRENCY) return;
      if (this.#storing.has(key)) continue;
      this.#waiting.delete(key);
      this.#storing.add(key);
      void this.#store(segment).finally(() => {
        this.#storing.delete(key);
        this.#waitingBytes -= segment.bytes.length;
        this.#settle(segment.recordingId);
        this.#next();
      });
    }
  }

  /** What there is by now, whoever stored it. Where nobody can tell, nothing. */
  async #listStored(recordingId: string): Promise<ReadonlySet<string>> {
    const names = new Set<string>();
    try {
      for await (const { key } of this.#objects.list(recordingPrefix(recordingId))) names.add(nameOf(key));
    } catch {
      // What is stored twice is heard once.
    }
    return names;
  }

  #hold(recordingId: string): void {
    this.#unsettled.set(recordingId, (this.#unsettled.get(recordingId) ?? 0) + 1);
  }

  async #store(segment: QueuedSegment): Promise<void> {
    const signal = AbortSignal.timeout(this.#limits.giveUpMs);
    for (;;) {
      try {
        await this.#objects.put(segment.key, segment.bytes, { signal });
        this.emit('written', segment);
        return;
      } catch (error) {
        const reason = error instanceof StorageError ? error.reason : 'UNAVAILABLE';
        if (reason === 'STORAGE_FULL' || signal.aborted) {
          this.emit('lost', segment, reason === 'ABORTED' ? 'TIMEOUT' : reason);
          return;
        }
        await sleep(this.#limits.retryMs);
      }
    }
  }

  #settle(recordingId: string): void {
    const left = (this.#unsettled.get(recordingId) ?? 1) - 1;
    if (left > 0) {
      this.#unsettled.set(recordingId, left);
      return;
    }
    this.#unsettled.delete(recordingId);
    this.#idle.get(recordingId)?.resolve();
    this.#idle.delete(recordingId);
  }
}

function nameOf(key: string): string {
  const { index, epoch } = readSegmentKey(key) ?? {};
  return `${index}.${epoch}`;
}
