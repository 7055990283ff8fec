import type { ChildProcess } from 'node:child_process';
import { EventEmitter } from 'node:events';
import type { Logger } from '../logger.ts';
import { RestartDelay } from '../RestartDelay.ts';
import { MixerLoad } from './MixerLoad.ts';
import type {
  CodecInfo,
  MixerCommand,
  MixerReport,
  MixerSettings,
  MixerUsage,
  MixFailed,
  MixOpened,
} from './mixerMessages.ts';

const CHECK_EVERY_MS = 1000;
/** Checks without an answer after which a process counts as hanging. */
const MAX_UNANSWERED = 4;
/** A process that starts has to load Node and libopus first, on a machine that may be busy. */
const MAX_UNANSWERED_AT_START = 15;
/** It answers within a tick or two. */
const USAGE_TIMEOUT_MS = 1000;
const NOTHING: MixerUsage = { cpuSeconds: 0, rssBytes: 0, ticks: 0, lateTicks: 0, rooms: 0, speakers: 0 };

interface MixerProcessOptions {
  readonly fork: () => ChildProcess;
  readonly settings: MixerSettings;
  readonly logger: Logger;
}

/**
 * One mixer process, supervised: started again when it ends, hangs or could not be started. It knows nothing of rooms: whoever
 * owns it tells each new process what to do.
 */
export class MixerProcess extends EventEmitter<{
  /** A new process waits to be told what to do. */
  ready: [{ readonly isReplacement: boolean }];
  opened: [MixOpened];
  failed: [MixFailed];
  /** It ended, or could not be started, and is started again. */
  ended: [{ readonly error: Error; readonly wasReady: boolean }];
}> {
  readonly load = new MixerLoad();
  readonly #options: MixerProcessOptions;
  readonly #logger: Logger;
  readonly #restartDelay = new RestartDelay();
  #child: ChildProcess | null = null;
  #startedAt = 0;
  #isReady = false;
  #isReplacement = false;
  #codec: CodecInfo | null = null;
  #unanswered = 0;
  #usage = NOTHING;
  /** Of the processes that ended, so that counters only grow. */
  #past = NOTHING;
  #asked: PromiseWithResolvers<void> | null = null;
  #restartTimer: NodeJS.Timeout | undefined;
  #checkTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: MixerProcessOptions) {
    super();
    this.#options = options;
    this.#logger = options.logger;
  }

  start(): void {
    this.#checkTimer = setInterval(() => this.#check(), CHECK_EVERY_MS);
    this.#spawn();
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Which Opus it mixes with; null until the first process is ready. */
  get codec(): CodecInfo | null {
    return this.#codec;
  }

  /** Runs, and answers. */
  get isReady(): boolean {
    return this.#isReady && this.#unanswered <= 1;
  }

  /** Commands to a process that is gone are lost: its successor is told everything anew. */
  send(command: MixerCommand): void {
    if (this.#child?.connected) this.#child.send(command, () => undefined);
  }

  /** As of now, or as of the last answer where there is none within a second. Counters include processes that ended. */
  async getUsage(): Promise<MixerUsage> {
    if (this.#isReady) {
      if (!this.#asked) {
        this.#asked = Promise.withResolvers();
        setTimeout(() => this.#answer(), USAGE_TIMEOUT_MS).unref();
        this.send({ type: 'usage' });
      }
      await this.#asked.promise;
    }
    return {
      ...this.#usage,
      cpuSeconds: this.#past.cpuSeconds + this.#usage.cpuSeconds,
      ticks: this.#past.ticks + this.#usage.ticks,
      lateTicks: this.#past.lateTicks + this.#usage.lateTicks,
    };
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#checkTimer);
    clearTimeout(this.#restartTimer);
    this.#child?.kill('SIGKILL');
    this.#child = null;
    this.#isReady = false;
    this.#answer();
  }

  #spawn(): void {
    this.#startedAt = performance.now();
    this.#unanswered = 0;
    let child: ChildProcess;
    try {
      child = this.#options.fork();
    } catch (error) {
      // Without memory for another process, `fork` throws.
      this.#handleEnd(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    this.#child = child;
    child.on('message', (message) => {
      if (this.#child === child) this.#handleReport(message as MixerReport);
    });
    child.on('error', (error) => this.#handleError(child, error));
    child.once('exit', (code, signal) => {
      if (this.#child === child) this.#handleEnd(new Error(`The mixer ended (${signal ?? `exit code ${code}`})`));
    });
    this.send({ type: 'start', settings: this.#options.settings });
  }

  /** Without processes or file descriptors left, an error is all that comes of a new process: it has no id, and never exits. */
  #handleError(child: ChildProcess, error: Error): void {
    if (this.#child !== child) return;
    if (child.pid === undefined) this.#handleEnd(error);
    else this.#logger.error({ err: error, pid: child.pid }, 'Mixer could not be reached');
  }

  #handleEnd(error: Error): void {
    const wasReady = this.#isReady;
    this.#child = null;
    this.#isReady = false;
    const { cpuSeconds, ticks, lateTicks } = this.#past;
    this.#past = {
      ...NOTHING,
      cpuSeconds: cpuSeconds + this.#usage.cpuSeconds,
      ticks: ticks + this.#usage.ticks,
      lateTicks: lateTicks + this.#usage.lateTicks,
    };
    this.#usage = NOTHING;
    this.load.reset();
    this.#answer();
    if (this.#closed) return;
    const delayMs = this.#restartDelay.next(performance.now() - this.#startedAt);
    this.#logger.error({ err: error, delayMs }, 'Mixer died; it is started again');
    this.#restartTimer = setTimeout(() => this.#spawn(), delayMs);
    this.emit('ended', { error, wasReady });
  }

  /** Asked once a second, and not timed by the clock: when the whole machine stood still, its mixer is not to blame. */
  #check(): void {
    if (!this.#child) return;
    const isHanging = ++this.#unanswered > (this.#isReady ? MAX_UNANSWERED : MAX_UNANSWERED_AT_START);
    if (isHanging || !this.#child.connected) {
      this.#logger.error({ pid: this.#child.pid }, 'Mixer hangs');
      this.#child.kill('SIGKILL');
    } else this.send({ type: 'usage' });
  }

  #handleReport(report: MixerReport): void {
    this.#unanswered = 0;
    switch (report.type) {
      case 'ready':
        this.#isReady = true;
        this.#codec = report.codec;
        this.emit('ready', { isReplacement: this.#isReplacement });
        this.#isReplacement = true;
        return;
      case 'usage':
        this.#usage = report.usage;
        this.load.add(report);
        this.#answer();
        return;
      case 'open':
        this.emit('opened', report);
        return;
      case 'failed':
        this.emit('failed', report);
        return;
      case 'crashed':
        this.#logger.error({ pid: this.pid, message: report.message }, 'Mixer crashed');
    }
  }

  #answer(): void {
    this.#asked?.resolve();
    this.#asked = null;
  }
}
