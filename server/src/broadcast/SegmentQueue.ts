import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ObjectStore } from '../objects/ObjectStore.ts';
import { StorageError } from '../objects/StorageError.ts';

/** Segments that are stored at the same time. */
const CONCURRENCY = 8;
/** What may wait: a node that records 100 rooms at 32 kbit/s has 80 s until then. */
const MAX_WAITING_BYTES = 32 * 1024 * 1024;
const RETRY_MS = 1000;
/** A segment that could not be stored for so long is given up. */
const GIVE_UP_MS = 60_000;

export interface QueuedSegment {
  readonly recordingId: string;
  readonly index: number;
  readonly key: string;
  readonly bytes: Buffer;
}

interface QueueLimits {
  readonly maxWaitingBytes?: number;
  readonly retryMs?: number;
  readonly giveUpMs?: number;
}

interface SegmentEvents {
  written: [QueuedSegment];
  /** @param reason as of a `Gap` */
  lost: [QueuedSegment, string];
}

/** Where segments go. */
export abstract class SegmentSink extends EventEmitter<SegmentEvents> {
  abstract push(segment: QueuedSegment): void;
  /** Resolves when nothing of the recording waits any more. */
  abstract whenIdle(recordingId: string): Promise<void>;
}

/**
 * Stores segments, and never holds up whoever makes them: what a slow storage does not take in time, and what a full one refuses, is
 * given up and told.
 */
export class SegmentQueue extends SegmentSink {
  readonly #objects: Pick<ObjectStore, 'put'>;
  readonly #limits: Required<QueueLimits>;
  readonly #waiting: QueuedSegment[] = [];
  /** Waiting and being stored, by recording. */
  readonly #unsettled = new Map<string, number>();
  readonly #idle = new Map<string, PromiseWithResolvers<void>>();
  #waitingBytes = 0;
  #running = 0;

  constructor(objects: Pick<ObjectStore, 'put'>, limits: QueueLimits = {}) {
    super();
    this.#objects = objects;
    this.#limits = { maxWaitingBytes: MAX_WAITING_BYTES, retryMs: RETRY_MS, giveUpMs: GIVE_UP_MS, ...limits };
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  push(segment: QueuedSegment): void {
    const { recordingId, bytes } = segment;
    this.#unsettled.set(recordingId, (this.#unsettled.get(recordingId) ?? 0) + 1);
    if (this.#waitingBytes + bytes.length > this.#limits.maxWaitingBytes) {
      this.emit('lost', segment, 'SLOW');
      this.#settle(recordingId);
      return;
    }
    this.#waitingBytes += bytes.length;
    this.#waiting.push(segment);
    this.#next();
  }

  async whenIdle(recordingId: string): Promise<void> {
    if (!this.#unsettled.has(recordingId)) return;
    const idle = this.#idle.get(recordingId) ?? Promise.withResolvers<void>();
    this.#idle.set(recordingId, idle);
    return idle.promise;
  }

  #next(): void {
    while (this.#running < CONCURRENCY) {
      const segment = this.#waiting.shift();
      if (!segment) return;
      this.#running += 1;
      void this.#store(segment).finally(() => {
        this.#running -= 1;
        this.#waitingBytes -= segment.bytes.length;
        this.#settle(segment.recordingId);
        this.#next();
      });
    }
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
