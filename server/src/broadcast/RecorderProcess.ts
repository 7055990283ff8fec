import { fork, type ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import type { Logger } from '../logger.ts';
import type { StorageLocation } from '../objects/openObjects.ts';
import type { QueuedSegment } from './SegmentQueue.ts';
import { RestartDelay } from '../RestartDelay.ts';
import type { Gap } from '../sql/recording.ts';
import type {
  LiveFragment,
  LiveSegment,
  RecordedMix,
  RecorderCommand,
  RecorderReport,
  RecorderUsage,
  WrittenSegment,
} from './recorderMessages.ts';

const CHECK_EVERY_MS = 1000;
/** Checks without an answer after which the process counts as hanging. */
const MAX_UNANSWERED = 10;
/** A disk that hangs must not keep a room from ending: what it has taken by then is the recording. */
const STOP_TIMEOUT_MS = 5000;
const NOTHING: RecorderUsage = { cpuSeconds: 0, rssBytes: 0, recordings: 0, waitingBytes: 0 };

/** A recording begins, or goes on in another process. */
export interface Begin {
  /** Unix time in ms, by the clock of the mix. */
  readonly atMs: number;
  /** The process before ended while it recorded this. */
  readonly isInterrupted: boolean;
  /** Unix time in ms up to which this node has saved its sound; null where it has none. */
  readonly savedUntil: number | null;
}

interface RecorderProcessOptions {
  /** What the process needs to open the object store. */
  readonly storage: StorageLocation;
  readonly logger: Logger;
  readonly fork?: () => ChildProcess;
}

/**
 * The process of this node that records, supervised: started again when it ends or hangs, and then told again what it has to record.
 * It is started when it may soon be needed.
 */
export class RecorderProcess extends EventEmitter<{
  written: [WrittenSegment];
  gap: [recordingId: string, Gap];
  live: [LiveSegment];
  fragment: [LiveFragment];
  /** `port` takes mixes. */
  ready: [];
  /** The first packet of a mix that this node stores has come. */
  begun: [recordingId: string, Begin];
  /** Why nothing can be stored; null: it can. */
  storage: [problem: string | null];
}> {
  readonly #options: RecorderProcessOptions;
  readonly #logger: Logger;
  readonly #restartDelay = new RestartDelay();
  readonly #mixes = new Map<string, RecordedMix>();
  /** By key: what is not stored yet. */
  readonly #pending = new Map<string, QueuedSegment>();
  /** By recording: Unix time in ms up to which its sound is stored, or pending. */
  readonly #savedUntil = new Map<string, number>();
  /** Recordings that the process before was in the middle of. */
  #interrupted: ReadonlySet<string> = new Set();
  /** Those whose segments are told. */
  readonly #broadcasts = new Map<string, RecordedMix>();
  /** Each stop is answered, in the order told. */
  readonly #stopping = new Map<string, PromiseWithResolvers<void>[]>();
  #child: ChildProcess | null = null;
  #startedAt = 0;
  #port = 0;
  #unanswered = 0;
  #usage = NOTHING;
  /** Of the processes that ended. */
  #pastCpuSeconds = 0;
  #restartTimer: NodeJS.Timeout | undefined;
  #checkTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: RecorderProcessOptions) {
    super();
    this.#options = options;
    this.#logger = options.logger.child({ component: 'Recorder' });
  }

  /** Starts the process, so that it is there when a recording begins. Harmless when repeated. */
  prepare(): void {
    this.#start();
  }

  /** UDP port on 127.0.0.1 that takes the mixes; null until the process is there for the first time. */
  get port(): number | null {
    return this.#port === 0 ? null : this.#port;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** As of the last second. */
  get usage(): RecorderUsage {
    return { ...this.#usage, cpuSeconds: this.#pastCpuSeconds + this.#usage.cpuSeconds };
  }

  /** Harmless when repeated. The mix has to be sent to `port`. */
  record(mix: RecordedMix): void {
    if (this.#closed) return;
    this.#mixes.set(mix.recordingId, mix);
    this.#start();
    this.#send({ type: 'record', mix });
  }

  /** Its segments and fragments are told as they are made. Harmless when repeated. */
  broadcast(mix: RecordedMix): void {
    if (this.#closed) return;
    this.#broadcasts.set(mix.recordingId, mix);
    this.#start();
    this.#send({ type: 'broadcast', mix });
  }

  endBroadcast(recordingId: string): void {
    if (this.#broadcasts.delete(recordingId)) this.#send({ type: 'endBroadcast', recordingId });
  }

  /** Resolves when what was recorded is stored or told as a gap, or after 5 s. */
  async stop(recordingId: string): Promise<void> {
    this.#mixes.delete(recordingId);
    this.#savedUntil.delete(recordingId);
    if (!this.#child?.connected) return;
    const stopping = Promise.withResolvers<void>();
    this.#stopping.set(recordingId, [...(this.#stopping.get(recordingId) ?? []), stopping]);
    this.#send({ type: 'stop', recordingId });
    const timer = setTimeout(() => stopping.resolve(), STOP_TIMEOUT_MS);
    await stopping.promise;
    clearTimeout(timer);
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#checkTimer);
    clearTimeout(this.#restartTimer);
    this.#settleStops();
    this.#child?.kill('SIGKILL');
    this.#child = null;
  }

  #start(): void {
    if (this.#checkTimer || this.#closed) return;
    this.#checkTimer = setInterval(() => this.#check(), CHECK_EVERY_MS);
    this.#spawn();
  }

  #spawn(): void {
    this.#startedAt = performance.now();
    this.#unanswered = 0;
    let child: ChildProcess;
    try {
      child = (this.#options.fork ?? forkRecorder)();
    } catch (error) {
      // Without memory for another process, `fork` throws.
      this.#handleEnd(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    this.#child = child;
    child.on('message', (message) => {
      if (this.#child === child) this.#handleReport(message as RecorderReport);
    });
    child.on('error', (error) => {
      if (this.#child === child && child.pid === undefined) this.#handleEnd(error);
    });
    child.once('exit', (code, signal) => {
      if (this.#child === child) this.#handleEnd(new Error(`The recorder ended (${signal ?? `exit code ${code}`})`));
    });
    this.#send({ type: 'start', port: this.#port, storage: this.#options.storage });
  }

  #handleEnd(error: Error): void {
    this.#child = null;
    this.#pastCpuSeconds += this.#usage.cpuSeconds;
    this.#usage = NOTHING;
    this.#interrupted = new Set([...this.#interrupted, ...this.#mixes.keys()]);
    this.#settleStops();
    if (this.#closed) return;
    const delayMs = this.#restartDelay.next(performance.now() - this.#startedAt);
    this.#logger.error({ err: error, delayMs }, 'The recorder died; it is started again');
    this.#restartTimer = setTimeout(() => this.#spawn(), delayMs);
  }

  #handleReport(report: RecorderReport): void {
    this.#unanswered = 0;
    switch (report.type) {
      case 'ready':
        this.#port = report.port;
        for (const segment of this.#pending.values()) this.#send({ type: 'store', segment });
        // What was told before it was ready is told again: it may have come too early.
        for (const mix of this.#mixes.values()) this.#send({ type: 'record', mix });
        for (const mix of this.#broadcasts.values()) this.#send({ type: 'broadcast', mix });
        this.emit('ready');
        return;
      case 'pending':
        this.#handlePending(report.segment);
        return;
      case 'written':
        this.#pending.delete(report.key);
        this.emit('written', report);
        return;
      case 'lost':
        this.#pending.delete(report.key);
        return;
      case 'begun':
        this.#handleBegun(report);
        return;
      case 'storage':
        this.emit('storage', report.problem);
        return;
      case 'live':
        this.emit('live', report);
        return;
      case 'fragment':
        this.emit('fragment', report);
        return;
      case 'gap':
        this.emit('gap', report.recordingId, report.gap);
        return;
      case 'stopped':
        this.#handleStopped(report.recordingId);
        return;
      case 'usage':
        this.#usage = report.usage;
    }
  }

  #handlePending(segment: QueuedSegment): void {
    const { key, recordingId, until } = segment;
    this.#pending.set(key, segment);
    if (this.#mixes.has(recordingId))
      this.#savedUntil.set(recordingId, Math.max(until, this.#savedUntil.get(recordingId) ?? 0));
  }

  #handleBegun({ recordingId, atMs }: Extract<RecorderReport, { type: 'begun' }>): void {
    const isInterrupted = this.#interrupted.has(recordingId);
    this.#interrupted = new Set([...this.#interrupted].filter((id) => id !== recordingId));
    this.emit('begun', recordingId, { atMs, isInterrupted, savedUntil: this.#savedUntil.get(recordingId) ?? null });
  }

  #handleStopped(recordingId: string): void {
    const [first, ...others] = this.#stopping.get(recordingId) ?? [];
    first?.resolve();
    if (others.length > 0) this.#stopping.set(recordingId, others);
    else this.#stopping.delete(recordingId);
  }

  #check(): void {
    if (!this.#child) return;
    if (++this.#unanswered > MAX_UNANSWERED) {
      this.#logger.error({ pid: this.#child.pid }, 'The recorder hangs');
      this.#child.kill('SIGKILL');
    } else this.#send({ type: 'usage' });
  }

  /** Commands to a process that is gone are lost: its successor is told everything anew. */
  #send(command: RecorderCommand): void {
    if (this.#child?.connected) this.#child.send(command, () => undefined);
  }

  #settleStops(): void {
    for (const { resolve } of [...this.#stopping.values()].flat()) resolve();
    this.#stopping.clear();
  }
}

function forkRecorder(): ChildProcess {
  return fork(new URL('recorderChild.ts', import.meta.url), { execArgv: [], env: {}, serialization: 'advanced' });
}
