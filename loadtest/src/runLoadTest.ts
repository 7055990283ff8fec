import { setTimeout as delay } from 'node:timers/promises';
import { planArrivals, type Schedule } from './arrivals.ts';
import type { Failure } from './failure.ts';
import { Fleet, type FleetCount } from './Fleet.ts';
import { Generator } from './Generator.ts';
import { createGuard } from './guard.ts';
import type { LoadTestOptions } from './options.ts';
import { buildReport, type Report, type SteadyMeasurement } from './report.ts';
import { readSfuMetrics } from './sfuMetrics.ts';
import { Stage } from './Stage.ts';
import { SteadyWindow } from './SteadyWindow.ts';

/** Joins still under way when everyone has set out, audio awaited, metrics read. */
const SLACK_MS = 60_000;
/** For stage and sessions, whatever the number of listeners. */
const SETUP_MS = 60_000;
const SETUP_MS_PER_LISTENER = 100;
const PROGRESS_INTERVAL_MS = 500;
const NOBODY: FleetCount = { arrived: 0, waiting: 0, joined: 0, failed: 0, received: 0 };

type LoadTestPhase = 'setting up' | 'arriving' | 'measuring';

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
 * @throws {Failure} when the stage cannot be set up: nothing was measured then.
 */
export async function runLoadTest(options: LoadTestOptions, hooks: LoadTestHooks = {}): Promise<Report> {
  const guard = createGuard(options.ownHost);
  await guard(options.url);
  const run = new LoadTestRun(options, hooks);
  return run.execute();
}

class LoadTestRun {
  readonly #options: LoadTestOptions;
  readonly #hooks: LoadTestHooks;
  readonly #startedAt = new Date();
  readonly #startedMs = performance.now();
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  #phase: LoadTestPhase = 'setting up';
  #fleet: Fleet | null = null;
  #steady: SteadyMeasurement | null = null;

  constructor(options: LoadTestOptions, hooks: LoadTestHooks) {
    this.#options = options;
    this.#hooks = hooks;
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
      this.#fleet = await Fleet.create({ ...this.#options, origin, guard, roomId: stage.roomId }, this.#signal);
      this.#signal.throwIfAborted();
      await this.#arrive(this.#fleet, stage, schedule);
      await this.#measure(this.#fleet, stage);
      return this.#report(stage);
    } catch (error) {
      if (!stage || !this.#signal.aborted) throw error;
      // Ended early: what there is is reported.
      return this.#report(stage);
    } finally {
      clearTimeout(timeLimit);
      stopProgress();
      // The room first: nobody is sent anything then while connections go down one by one.
      await stage?.close();
      this.#fleet?.close();
    }
  }

  #handleSpeakerLost({ reason }: Failure): void {
    this.#stop.abort(`a speaker was lost: ${reason}`);
  }

  async #arrive(fleet: Fleet, stage: Stage, { atMs, liveMs }: Schedule): Promise<void> {
    this.#phase = 'arriving';
    if (liveMs === null) fleet.goLive();
    await Promise.all([
      fleet.arrive(atMs, this.#signal),
      liveMs === null ? null : this.#goLiveAfter(liveMs, fleet, stage),
    ]);
  }

  async #goLiveAfter(liveMs: number, fleet: Fleet, stage: Stage): Promise<void> {
    await delay(liveMs, undefined, { signal: this.#signal });
    fleet.goLive();
    await stage.goLive();
  }

  async #measure(fleet: Fleet, stage: Stage): Promise<void> {
    this.#phase = 'measuring';
    const { url, durationS } = this.#options;
    const generator = new Generator();
    await generator.start();
    const sfuBefore = await readSfuMetrics(url);
    const window = new SteadyWindow(fleet.listeners);
    const sentBefore = stage.sent;
    const wasAborted = await delay(durationS * 1000, false, { signal: this.#signal }).catch(() => true);
    const result = window.close();
    const sent = stage.sent - sentBefore;
    const sfuAfter = await readSfuMetrics(url);
    this.#steady = { window: result, sent, generator: await generator.stop(), sfuBefore, sfuAfter };
    if (wasAborted) this.#signal.throwIfAborted();
  }

  #report(stage: Stage): Report {
    const reason: unknown = this.#signal.reason;
    return buildReport({
      startedAt: this.#startedAt,
      options: this.#options,
      interrupted: this.#signal.aborted ? String(reason) : null,
      listeners: this.#fleet?.listeners ?? [],
      rampMs: this.#fleet?.rampMs ?? null,
      skipped: stage.skipped,
      steady: this.#steady,
    });
  }

  /** Returns a function that stops watching. */
  #watch(): () => void {
    const { onProgress } = this.#hooks;
    if (!onProgress) return () => undefined;
    let receivedBefore = 0;
    let beforeMs = performance.now();
    const timer = setInterval(() => {
      const { waiting, joined, failed, received } = this.#fleet?.count() ?? NOBODY;
      const nowMs = performance.now();
      onProgress({
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
    }, PROGRESS_INTERVAL_MS);
    return () => clearInterval(timer);
  }
}

/** No run lasts longer, whatever the server does. */
function timeLimitMs({ listeners, durationS }: LoadTestOptions, { atMs }: Schedule): number {
  return SETUP_MS + listeners * SETUP_MS_PER_LISTENER + (atMs.at(-1) ?? 0) + durationS * 1000 + SLACK_MS;
}
