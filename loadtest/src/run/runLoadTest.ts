import { setTimeout as delay } from 'node:timers/promises';
import { planArrivals, type Schedule } from '../people/arrivals.ts';
import type { BrowserAudience } from '../browsers/BrowserAudience.ts';
import { describeBehaviour, isStill, NO_BEHAVIOUR, type BehaviourReport } from '../people/behaviour.ts';
import { Failure } from '../people/failure.ts';
import { Audience } from '../people/Audience.ts';
import type { ListenerProcess } from '../people/listenerCommands.ts';
import { LocalProcess } from '../people/LocalProcess.ts';
import { Coordinator } from '../machines/Coordinator.ts';
import type { MachineReport } from '../machines/Machine.ts';
import { ProcessMonitor, mergeUsages } from '../ProcessMonitor.ts';
import { createGuard } from '../guard.ts';
import { planListeners } from '../hearing/kinds.ts';
import type { LoadTestOptions } from '../options.ts';
import { buildReport, type Report, type SteadyMeasurement } from '../report/report.ts';
import type { Evidence } from '../report/limit.ts';
import type { Progress } from './progress.ts';
import type { LoadTestPhase } from '../report/series.ts';
import { readSfuMetrics } from '../report/sfuMetrics.ts';
import { Rooms } from '../people/Rooms.ts';
import { SPEECH_FILES } from '../people/Stage.ts';
import { PlayerAudience } from '../players/PlayerAudience.ts';
import type { PlayerPlan } from '../players/playerCommands.ts';
import { RunMonitor } from './RunMonitor.ts';

/** Joins still under way when everyone has set out, audio awaited, metrics read. */
const SLACK_MS = 60_000;
/** For stages and sessions, whatever the number of people. */
const SETUP_MS = 60_000;
const SETUP_MS_PER_SPEAKER = 2000;
const SETUP_MS_PER_LISTENER = 100;

interface Arrival {
  readonly audience: Audience;
  readonly rooms: Rooms;
  readonly plans: readonly PlayerPlan[];
}

export interface LoadTestHooks {
  /** Ends the run early; the report then says what was measured until then, with the signal's reason. */
  readonly signal?: AbortSignal;
  /** What machines that join have to know. */
  readonly key?: string;
  /** What the person at the terminal has to know before it goes on. */
  readonly onNotice?: (notice: string) => void;
  /** Twice a second. */
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * Runs one load test against a running server and ends everything that it started.
 * @throws {RefusedHostError} when the host is not this machine and nobody vouched for it.
 * @throws {UsageError} when browsers are asked for, and there is no Chromium.
 * @throws {Failure} when a stage cannot be set up: nothing was measured then.
 */
export async function runLoadTest(options: LoadTestOptions, hooks: LoadTestHooks = {}): Promise<Report> {
  const guard = createGuard(options.ownHost);
  await guard(options.url);
  const browsers = options.browsers > 0 ? await createBrowsers(options, hooks.signal) : null;
  const run = new LoadTestRun(options, hooks, browsers);
  return run.execute();
}

/** Loaded only now: a run without browsers need not know how they are driven. */
async function createBrowsers(options: LoadTestOptions, signal?: AbortSignal): Promise<BrowserAudience> {
  const { findOrInstallChromium } = await import('../browsers/chromium.ts');
  const { BrowserAudience } = await import('../browsers/BrowserAudience.ts');
  const chromiumBin = await findOrInstallChromium(signal);
  const { browsers: count, openMics: voices } = options;
  return new BrowserAudience({ count, chromiumBin, voices, speeches: SPEECH_FILES.slice(0, voices) });
}

class LoadTestRun {
  readonly #options: LoadTestOptions;
  readonly #hooks: LoadTestHooks;
  readonly #startedAt = new Date();
  readonly #startedMs = performance.now();
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  #phase: LoadTestPhase = 'setting up';
  #audience: Audience | null = null;
  #coordinator: Coordinator | null = null;
  readonly #browsers: BrowserAudience | null;
  #players: PlayerAudience | null = null;
  #steady: SteadyMeasurement | null = null;
  #behaviour: BehaviourReport | null = null;
  #monitor: RunMonitor | null = null;
  readonly #phases: Evidence['phases'][number][] = [];

  constructor(options: LoadTestOptions, hooks: LoadTestHooks, browsers: BrowserAudience | null) {
    this.#options = options;
    this.#hooks = hooks;
    this.#browsers = browsers;
    const signals = [this.#stop.signal, ...(hooks.signal ? [hooks.signal] : [])];
    this.#signal = AbortSignal.any(signals);
  }

  async execute(): Promise<Report> {
    const { url: origin, ownHost, rooms: count, speakers, openMics } = this.#options;
    const guard = createGuard(ownHost);
    const { listeners, players, arrivals, seed } = this.#options;
    const all = planArrivals(arrivals, listeners + players.stream + players.hls, seed);
    const { schedule, arriving } = splitArrivals(all, this.#options);
    const timeLimit = setTimeout(() => this.#stop.abort('time limit'), timeLimitMs(this.#options, all));
    const monitor = new RunMonitor({
      ...{ origin, asked: listeners, startedMs: this.#startedMs },
      phase: () => this.#phase,
      audience: () => this.#audience,
      onProgress: this.#hooks.onProgress,
    });
    this.#monitor = monitor;
    let rooms: Rooms | null = null;
    try {
      await this.#gather();
      const isLive = schedule.liveMs === null;
      const onLost = (failure: Failure) => this.#handleSpeakerLost(failure);
      const stages = { origin, guard, rooms: count, speakers, openMics, isLive, onLost };
      rooms = await Rooms.create(stages, this.#signal);
      this.#signal.throwIfAborted();
      const audience = Audience.create(schedule.atMs, planListeners(this.#options), this.#createProcesses());
      this.#audience = audience;
      await this.#unlessAborted(audience.prepare({ origin, roomIds: rooms.ids }));
      await this.#unlessAborted(
        this.#browsers?.prepare(rooms.ids.map((id) => `${origin}/r/${id}`)) ?? Promise.resolve(),
      );
      const plans = arriving.map((plan, at) => ({ ...plan, roomId: rooms!.ids[at % count]! }));
      await this.#arrive({ audience, rooms, plans }, schedule);
      await this.#stay(audience, rooms);
      return await this.#report(rooms);
    } catch (error) {
      if (!rooms || !this.#signal.aborted) throw error;
      // Ended early: what there is is reported.
      return await this.#report(rooms);
    } finally {
      clearTimeout(timeLimit);
      monitor.close();
      await this.#browsers?.close();
      await this.#players?.close();
      // The rooms first: nobody is sent anything then while connections go down one by one.
      await rooms?.close();
      await this.#audience?.close();
      this.#coordinator?.close();
    }
  }

  /** Waits for the other machines, before anything is started that would have to wait with them. */
  async #gather(): Promise<void> {
    const { coordinate } = this.#options;
    if (!coordinate) return;
    const { key = '', onNotice } = this.#hooks;
    const coordinator = await Coordinator.create({ port: coordinate.port, key });
    this.#coordinator = coordinator;
    onNotice?.(
      `Waiting for ${coordinate.machines} to join: npm run loadtest -- --join THIS_HOST:${coordinator.port} --key ${key}`,
    );
    const tell = ({ name, processes }: MachineReport) => onNotice?.(`${name} has joined, with ${processes} processes`);
    await coordinator.gather(coordinate.machines, tell, this.#signal);
  }

  #createProcesses(): ListenerProcess[] {
    const { processes, listeners, ownHost } = this.#options;
    const onLost = (why: string) => this.#stop.abort(why);
    const here = Array.from(
      { length: Math.min(processes, listeners) },
      () => new LocalProcess({ ownHost, clockOffsetMs: 0 }, onLost),
    );
    return [...here, ...(this.#coordinator?.createProcesses(onLost) ?? [])];
  }

  #handleSpeakerLost({ reason }: Failure): void {
    this.#stop.abort(`a speaker was lost: ${reason}`);
  }

  async #arrive({ audience, rooms, plans }: Arrival, { atMs, liveMs }: Schedule): Promise<void> {
    this.#phase = 'arriving';
    const [monitor, startMs] = [new ProcessMonitor(), performance.now()];
    const from = await readSfuMetrics(this.#options.url);
    await monitor.start();
    if (liveMs === null) await audience.goLive();
    await this.#browsers?.arrive(atMs);
    const live = liveMs === null ? null : this.#goLiveAfter(liveMs, audience, rooms);
    if (plans.length > 0) {
      const onLost = (why: string) => this.#stop.abort(why);
      const { processes, ownHost } = this.#options;
      this.#players = new PlayerAudience({ processes: Math.min(processes, plans.length), ownHost, onLost });
    }
    const players = this.#players?.arrive(this.#options.url, plans);
    await this.#unlessAborted(Promise.all([audience.arrive(), live, players]));
    await this.#unlessAborted(this.#browsers?.settle() ?? Promise.resolve());
    const to = await readSfuMetrics(this.#options.url);
    const seconds = (performance.now() - startMs) / 1000;
    const { arriving } = await audience.results();
    const processes = [await monitor.stop(), ...arriving.filter((usage) => usage !== null)];
    const browserCpuPct = this.#browsers?.cpuPct.arriving ?? null;
    this.#phases.push({ name: 'arriving', processes, seconds, browserCpuPct, from, to });
  }

  async #goLiveAfter(liveMs: number, audience: Audience, rooms: Rooms): Promise<void> {
    await delay(liveMs, undefined, { signal: this.#signal });
    await audience.goLive();
    this.#browsers?.goLive();
    await rooms.goLive();
  }

  /** Waits, and throws the reason of the signal as soon as that is aborted. */
  async #unlessAborted<T>(work: Promise<T>): Promise<T> {
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(this.#signal.reason);
    this.#signal.addEventListener('abort', abort, { once: true });
    // Work that goes on after an early end is ended with its process.
    work.catch(() => undefined);
    try {
      this.#signal.throwIfAborted();
      return await Promise.race([work, aborted.promise]);
    } finally {
      this.#signal.removeEventListener('abort', abort);
    }
  }

  /** Everyone is in: holds, and measures at the end of it, while people do what they were asked to. */
  async #stay(audience: Audience, rooms: Rooms): Promise<void> {
    const { holdS, durationS, behaviour, muteEveryS, seed } = this.#options;
    const end = new AbortController();
    let mutes = 0;
    const muting =
      muteEveryS === null
        ? Promise.resolve()
        : rooms
            .muteInTurn(muteEveryS * 1000, () => (mutes += 1), end.signal)
            .catch((error: unknown) => this.#handleSpeakerLost(Failure.from('stage', error)));
    const acts = !isStill(behaviour);
    try {
      if (acts) await audience.startActing(behaviour, seed);
      this.#phase = 'holding';
      await delay(Math.max(0, holdS - durationS) * 1000, undefined, { signal: this.#signal });
      await this.#measure(audience, rooms);
    } finally {
      end.abort();
      const counts = acts ? await audience.stopActing() : NO_BEHAVIOUR;
      await muting;
      if (acts || muteEveryS !== null) this.#behaviour = describeBehaviour(counts, mutes);
    }
  }

  async #measure(audience: Audience, rooms: Rooms): Promise<void> {
    this.#phase = 'measuring';
    const { url, durationS } = this.#options;
    await this.#browsers?.openWindow();
    const monitor = new ProcessMonitor();
    await monitor.start();
    const sfuBefore = await readSfuMetrics(url);
    await audience.openWindow();
    await this.#players?.openWindow();
    const sentBefore = rooms.sent;
    const wasAborted = await delay(durationS * 1000, false, { signal: this.#signal }).catch(() => true);
    const playerUsages = (await this.#players?.closeWindow()) ?? [];
    const { window, usages } = await audience.closeWindow();
    const sent = rooms.sent - sentBefore;
    const sfuAfter = await readSfuMetrics(url);
    const processes = [await monitor.stop(), ...usages, ...playerUsages];
    await this.#browsers?.closeWindow();
    const browserCpuPct = this.#browsers?.cpuPct.measuring ?? null;
    this.#phases.push({
      ...{ name: 'measuring', processes, seconds: window.seconds, browserCpuPct },
      ...{ from: sfuBefore, to: sfuAfter },
    });
    this.#steady = { window, sent, generator: mergeUsages(processes), sfuBefore, sfuAfter };
    if (wasAborted) this.#signal.throwIfAborted();
  }

  async #report(rooms: Rooms): Promise<Report> {
    const results = await this.#audience?.results();
    const reason: unknown = this.#signal.reason;
    return buildReport({
      startedAt: this.#startedAt,
      options: this.#options,
      interrupted: this.#signal.aborted ? String(reason) : null,
      listeners: results?.listeners ?? [],
      rampMs: results?.rampMs ?? null,
      skipped: rooms.skipped,
      steady: this.#steady,
      phases: this.#phases,
      behaviour: this.#behaviour,
      machines: this.#coordinator?.machines ?? [],
      browsers: (await this.#browsers?.report()) ?? null,
      http: (await this.#players?.report()) ?? null,
      series: this.#monitor?.points ?? [],
    });
  }
}

/** Who comes when, over WebRTC and as a player over HTTP: in turn, so that each comes all the time. */
function splitArrivals({ atMs, liveMs }: Schedule, { listeners, players }: LoadTestOptions) {
  const left = { webrtc: listeners, ...players };
  const planes = Object.keys(left) as (keyof typeof left)[];
  let turn = 0;
  const planned = atMs.map((at) => {
    while (left[planes[turn % planes.length]!] === 0) turn += 1;
    const plane = planes[turn++ % planes.length]!;
    left[plane] -= 1;
    return { plane, atMs: at };
  });
  const schedule = { atMs: planned.filter(({ plane }) => plane === 'webrtc').map((plan) => plan.atMs), liveMs };
  const arriving = planned.flatMap(({ plane, atMs: at }) => (plane === 'webrtc' ? [] : [{ plane, atMs: at }]));
  return { schedule, arriving };
}

/** No run lasts longer, whatever the server does. */
function timeLimitMs({ listeners, rooms, speakers, holdS }: LoadTestOptions, { atMs }: Schedule): number {
  const setupMs = SETUP_MS + rooms * speakers * SETUP_MS_PER_SPEAKER + listeners * SETUP_MS_PER_LISTENER;
  return setupMs + (atMs.at(-1) ?? 0) + holdS * 1000 + SLACK_MS;
}
