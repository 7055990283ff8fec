import { setTimeout as delay } from 'node:timers/promises';
import { planArrivals, type Schedule } from './arrivals.ts';
import type { BrowserCrowd } from './browsers/BrowserCrowd.ts';
import type { Failure } from './failure.ts';
import { Crowd } from './Crowd.ts';
import { NOBODY } from './Fleet.ts';
import { Generator, mergeUsages } from './Generator.ts';
import { createGuard } from './guard.ts';
import type { LoadTestOptions } from './options.ts';
import { buildReport, type Report, type SteadyMeasurement } from './report.ts';
import type { Evidence } from './limit.ts';
import { Series, type LoadTestPhase } from './series.ts';
import { readSfuMetrics } from './sfuMetrics.ts';
import { SPEECH_FILES, Stage } from './Stage.ts';

/** Joins still under way when everyone has set out, audio awaited, metrics read. */
const SLACK_MS = 60_000;
/** For stage and sessions, whatever the number of listeners. */
const SETUP_MS = 60_000;
const SETUP_MS_PER_LISTENER = 100;
const PROGRESS_INTERVAL_MS = 500;
/** Progress is told twice a second, and kept once. */
const TICKS_PER_POINT = 2;

export interface Progress {
  readonly phase: LoadTestPhase;
  readonly asked: number;
  /** In a room that is not live yet. */
  readonly waiting: number;
  readonly joined: number;
  readonly failed: number;
  /** Received by all listeners, since the last progress. */
  readonly packetsPerSecond: number;
  readonly elapsedS: number;
}

export interface LoadTestHooks {
  /** Ends the run early; the report then says what was measured until then, with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Twice a second. */
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * Runs one load test against a running server and ends everything that it started.
 * @throws {RefusedHostError} when the host is not this machine and nobody vouched for it.
 * @throws {UsageError} when browsers are asked for, and there is no Chromium.
 * @throws {Failure} when the stage cannot be set up: nothing was measured then.
 */
export async function runLoadTest(options: LoadTestOptions, hooks: LoadTestHooks = {}): Promise<Report> {
  const guard = createGuard(options.ownHost);
  await guard(options.url);
  const browsers = options.browsers > 0 ? await createBrowsers(options, hooks.signal) : null;
  const run = new LoadTestRun(options, hooks, browsers);
  return run.execute();
}

/** Loaded only now: a run without browsers need not know how they are driven. */
async function createBrowsers(options: LoadTestOptions, signal?: AbortSignal): Promise<BrowserCrowd> {
  const { findOrInstallChromium } = await import('./browsers/chromium.ts');
  const { BrowserCrowd } = await import('./browsers/BrowserCrowd.ts');
  const chromiumBin = await findOrInstallChromium(signal);
  const { browsers: count, openMics: voices } = options;
  return new BrowserCrowd({ count, chromiumBin, voices, speeches: SPEECH_FILES.slice(0, voices) });
}

class LoadTestRun {
  readonly #options: LoadTestOptions;
  readonly #hooks: LoadTestHooks;
  readonly #startedAt = new Date();
  readonly #startedMs = performance.now();
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  #phase: LoadTestPhase = 'setting up';
  #crowd: Crowd | null = null;
  readonly #browsers: BrowserCrowd | null;
  #steady: SteadyMeasurement | null = null;
  readonly #series = new Series(this.#startedMs);
  readonly #phases: Evidence['phases'][number][] = [];

  constructor(options: LoadTestOptions, hooks: LoadTestHooks, browsers: BrowserCrowd | null) {
    this.#options = options;
    this.#hooks = hooks;
    this.#browsers = browsers;
    const signals = [this.#stop.signal, ...(hooks.signal ? [hooks.signal] : [])];
    this.#signal = AbortSignal.any(signals);
  }

  async execute(): Promise<Report> {
    const { url: origin, ownHost, speakers, openMics } = this.#options;
    const guard = createGuard(ownHost);
    const schedule = planArrivals(this.#options.arrivals, this.#options.listeners, this.#options.seed);
    const timeLimit = setTimeout(() => this.#stop.abort('time limit'), timeLimitMs(this.#options, schedule));
    const stopProgress = this.#watch();
    let stage: Stage | null = null;
    try {
      const isLive = schedule.liveMs === null;
      const onLost = (failure: Failure) => this.#handleSpeakerLost(failure);
      stage = await Stage.create({ origin, guard, speakers, openMics, isLive, onLost });
      this.#signal.throwIfAborted();
      const crowd = Crowd.create(schedule.atMs, this.#options.processes, (why) => this.#stop.abort(why));
      this.#crowd = crowd;
      await this.#unlessAborted(crowd.prepare({ origin, ownHost, roomId: stage.roomId }));
      await this.#unlessAborted(this.#browsers?.prepare(`${origin}/r/${stage.roomId}`) ?? Promise.resolve());
      await this.#arrive(crowd, stage, schedule);
      await this.#measure(crowd, stage);
      return await this.#report(stage);
    } catch (error) {
      if (!stage || !this.#signal.aborted) throw error;
      // Ended early: what there is is reported.
      return await this.#report(stage);
    } finally {
      clearTimeout(timeLimit);
      stopProgress();
      await this.#browsers?.close();
      // The room first: nobody is sent anything then while connections go down one by one.
      await stage?.close();
      await this.#crowd?.close();
    }
  }

  #handleSpeakerLost({ reason }: Failure): void {
    this.#stop.abort(`a speaker was lost: ${reason}`);
  }

  async #arrive(crowd: Crowd, stage: Stage, { atMs, liveMs }: Schedule): Promise<void> {
    this.#phase = 'arriving';
    const [generator, startMs] = [new Generator(), performance.now()];
    const from = await readSfuMetrics(this.#options.url);
    await generator.start();
    if (liveMs === null) await crowd.goLive();
    await this.#browsers?.arrive(atMs);
    const live = liveMs === null ? null : this.#goLiveAfter(liveMs, crowd, stage);
    await this.#unlessAborted(Promise.all([crowd.arrive(), live]));
    await this.#unlessAborted(this.#browsers?.settle() ?? Promise.resolve());
    const to = await readSfuMetrics(this.#options.url);
    const seconds = (performance.now() - startMs) / 1000;
    const { arriving } = await crowd.results();
    const processes = [await generator.stop(), ...arriving.filter((usage) => usage !== null)];
    const browserCpuPct = this.#browsers?.cpuPct.arriving ?? null;
    this.#phases.push({ name: 'arriving', processes, seconds, browserCpuPct, from, to });
  }

  async #goLiveAfter(liveMs: number, crowd: Crowd, stage: Stage): Promise<void> {
    await delay(liveMs, undefined, { signal: this.#signal });
    await crowd.goLive();
    this.#browsers?.goLive();
    await stage.goLive();
  }

  /** Waits, and throws the reason of the signal as soon as that is aborted. */
  async #unlessAborted<T>(work: Promise<T>): Promise<T> {
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(this.#signal.reason);
    this.#signal.addEventListener('abort', abort, { once: true });
    // What goes on after an early end is ended with its process.
    work.catch(() => undefined);
    try {
      this.#signal.throwIfAborted();
      return await Promise.race([work, aborted.promise]);
    } finally {
      this.#signal.removeEventListener('abort', abort);
    }
  }

  async #measure(crowd: Crowd, stage: Stage): Promise<void> {
    this.#phase = 'measuring';
    const { url, durationS } = this.#options;
    await this.#browsers?.openWindow();
    const generator = new Generator();
    await generator.start();
    const sfuBefore = await readSfuMetrics(url);
    await crowd.openWindow();
    const sentBefore = stage.sent;
    const wasAborted = await delay(durationS * 1000, false, { signal: this.#signal }).catch(() => true);
    const { window, usages } = await crowd.closeWindow();
    const sent = stage.sent - sentBefore;
    const sfuAfter = await readSfuMetrics(url);
    const processes = [await generator.stop(), ...usages];
    await this.#browsers?.closeWindow();
    const browserCpuPct = this.#browsers?.cpuPct.measuring ?? null;
    this.#phases.push({
      ...{ name: 'measuring', processes, seconds: window.seconds, browserCpuPct },
      ...{ from: sfuBefore, to: sfuAfter },
    });
    this.#steady = { window, sent, generator: mergeUsages(processes), sfuBefore, sfuAfter };
    if (wasAborted) this.#signal.throwIfAborted();
  }

  async #report(stage: Stage): Promise<Report> {
    const results = await this.#crowd?.results();
    const reason: unknown = this.#signal.reason;
    return buildReport({
      startedAt: this.#startedAt,
      options: this.#options,
      interrupted: this.#signal.aborted ? String(reason) : null,
      listeners: results?.listeners ?? [],
      rampMs: results?.rampMs ?? null,
      skipped: stage.skipped,
      steady: this.#steady,
      phases: this.#phases,
      browsers: (await this.#browsers?.report()) ?? null,
      series: this.#series.points,
    });
  }

  /** Returns a function that stops watching. */
  #watch(): () => void {
    const { onProgress } = this.#hooks;
    let ticks = 0;
    let receivedBefore = 0;
    let beforeMs = performance.now();
    let isCounting = false;
    const watch = async () => {
      const count = (await this.#crowd?.count()) ?? NOBODY;
      const nowMs = performance.now();
      if (this.#crowd && ticks++ % TICKS_PER_POINT === 0) {
        this.#series.add(this.#phase, { atMs: nowMs, count, sfu: await readSfuMetrics(this.#options.url) });
      }
      const { waiting, joined, failed, received } = count;
      onProgress?.({
        phase: this.#phase,
        asked: this.#options.listeners,
        waiting,
        joined,
        failed,
        packetsPerSecond: ((received - receivedBefore) * 1000) / (nowMs - beforeMs),
        elapsedS: (nowMs - this.#startedMs) / 1000,
      });
      receivedBefore = received;
      beforeMs = nowMs;
    };
    const timer = setInterval(() => {
      if (isCounting) return;
      isCounting = true;
      // Between two phases there may be nobody to count.
      void watch()
        .catch(() => undefined)
        .finally(() => (isCounting = false));
    }, PROGRESS_INTERVAL_MS);
    return () => clearInterval(timer);
  }
}

/** No run lasts longer, whatever the server does. */
function timeLimitMs({ listeners, durationS }: LoadTestOptions, { atMs }: Schedule): number {
  return SETUP_MS + listeners * SETUP_MS_PER_LISTENER + (atMs.at(-1) ?? 0) + durationS * 1000 + SLACK_MS;
}
