import type { BrowserReport } from './browsers/browserReport.ts';
import { readEnvironment, type Environment } from './environment.ts';
import type { GeneratorUsage } from './Generator.ts';
import type { Listener } from './Listener.ts';
import { judge, type Evidence, type Verdict } from './limit.ts';
import type { LoadTestOptions } from './options.ts';
import type { SeriesPoint } from './series.ts';
import { workerCpuBetween, type SfuSample } from './sfuMetrics.ts';
import { percentilesOf, quantilesOf, round, roundOrNull, tally, type Percentiles } from './stats.ts';
import type { WindowResult } from './SteadyWindow.ts';

/** CPU time is told in steps of 10 ms: over less than this it says nothing. */
const MIN_SFU_SECONDS = 1;

/** What `--json` writes. A figure that could not be measured is null. */
export interface Report extends Verdict {
  readonly startedAt: string;
  readonly options: LoadTestOptions;
  /** Why it ended early; null when it did not. */
  readonly interrupted: string | null;
  readonly listeners: {
    readonly asked: number;
    /** Connected, heard audio, and heard it to the end. */
    readonly joined: number;
    readonly failed: readonly { readonly reason: string; readonly count: number }[];
  };
  /** From the ticket request until ICE and DTLS were up. */
  readonly joinMs: Percentiles;
  /** From the ticket request to the first audio packet. */
  readonly ttfaMs: Percentiles;
  /** Of the steady window, over all listeners: 100 x lost / (lost + received). */
  readonly lossPct: number | null;
  readonly packetsPerListenerPerSecond: number | null;
  /** Joined, per second from the first ticket request until the last of them heard audio. */
  readonly joinsPerSecond: number | null;
  /** From the server's own metrics over the steady window. */
  readonly sfu: {
    /** CPU time of the media workers per packet delivered to a listener. */
    readonly cpuUsPerPacket: number | null;
    readonly cpuMsPerListenerSecond: number | null;
    /** Of all media workers, at the end. */
    readonly rssMb: number | null;
    /** Of the server's Node process, of one core. */
    readonly nodeCpuPct: number | null;
  };
  /** RFC 3550 interarrival jitter at the end of the window, as the event loop of the load test saw it. */
  readonly jitterMs: Percentiles;
  readonly window: {
    readonly seconds: number;
    readonly listeners: number;
    readonly received: number;
    readonly lost: number;
    readonly duplicates: number;
    readonly reordered: number;
    /** Listeners whose media the server had built anew, with a pause that is no loss of packets. */
    readonly restarted: number;
  } | null;
  readonly speakers: {
    readonly count: number;
    /** Packets sent by all of them within the window. */
    readonly sent: number | null;
    /** Frames of the whole run that were not sent because the load test was late. */
    readonly skipped: number;
  };
  /** The load test's own consumption within the window. */
  readonly generator: GeneratorUsage | null;
  /** Listeners in real browsers, who are in none of the figures above; null in a run without. */
  readonly browsers: BrowserReport | null;
  /** Each second of the run. */
  readonly series: readonly SeriesPoint[];
  /** The values at each percent, from 0 to 100; empty where nothing was measured. */
  readonly cdf: {
    readonly joinMs: readonly number[];
    readonly ttfaMs: readonly number[];
    readonly jitterMs: readonly number[];
  };
  readonly environment: Environment;
}

/** What was measured over the steady window. */
export interface SteadyMeasurement {
  readonly window: WindowResult;
  readonly sent: number;
  readonly generator: GeneratorUsage;
  readonly sfuBefore: SfuSample | null;
  readonly sfuAfter: SfuSample | null;
}

export interface Measurements {
  readonly startedAt: Date;
  readonly options: LoadTestOptions;
  readonly interrupted: string | null;
  readonly listeners: readonly Pick<Listener, 'state' | 'joinMs' | 'ttfaMs'>[];
  /** First ticket request until everyone had arrived; null when it did not come to that. */
  readonly rampMs: number | null;
  readonly skipped: number;
  readonly steady: SteadyMeasurement | null;
  readonly phases: Evidence['phases'];
  readonly browsers: BrowserReport | null;
  readonly series: readonly SeriesPoint[];
}

export function buildReport(measured: Measurements): Report {
  const { startedAt, options, interrupted, listeners, rampMs, skipped, steady, phases, series } = measured;
  const reasons = listeners.flatMap(({ state }) => (state.kind === 'failed' ? [state.reason] : []));
  const joined = listeners.filter(({ state }) => state.kind === 'listening').length;
  const window = steady?.window ?? null;
  const received = window?.counts.received ?? 0;
  const joinMs = listeners.flatMap((listener) => listener.joinMs ?? []);
  const ttfaMs = listeners.flatMap((listener) => listener.ttfaMs ?? []);
  return {
    startedAt: startedAt.toISOString(),
    options,
    interrupted,
    listeners: { asked: options.listeners, joined, failed: tally(reasons) },
    joinMs: percentilesOf(joinMs),
    ttfaMs: percentilesOf(ttfaMs),
    lossPct: window && roundOrNull((100 * window.lost) / (window.lost + received), 4),
    packetsPerListenerPerSecond: window && roundOrNull(received / (window.listeners * window.seconds), 2),
    joinsPerSecond: rampMs === null ? null : roundOrNull((joined * 1000) / rampMs, 2),
    sfu: sfuOf(steady),
    jitterMs: percentilesOf(window?.jitterMs ?? []),
    window: window && {
      seconds: round(window.seconds, 3),
      listeners: window.listeners,
      received,
      lost: window.lost,
      duplicates: window.counts.duplicates,
      reordered: window.counts.reordered,
      restarted: window.restarted,
    },
    speakers: { count: options.speakers, sent: steady?.sent ?? null, skipped },
    generator: steady && roundedUsage(steady.generator),
    ...judge({ phases, skipped, failures: reasons }),
    browsers: measured.browsers,
    series,
    cdf: { joinMs: quantilesOf(joinMs), ttfaMs: quantilesOf(ttfaMs), jitterMs: quantilesOf(window?.jitterMs ?? []) },
    environment: readEnvironment(),
  };
}

/** Did every listener join and hear the speakers to the end, those in browsers too? */
export function isSuccess({ interrupted, listeners, browsers }: Report): boolean {
  const areAllIn = listeners.joined === listeners.asked && browsers?.joined === browsers?.asked;
  return interrupted === null && areAllIn;
}

function sfuOf(steady: SteadyMeasurement | null): Report['sfu'] {
  const { sfuBefore, sfuAfter, window } = steady ?? {};
  if (!sfuBefore || !sfuAfter || !window || window.seconds < MIN_SFU_SECONDS) {
    return { cpuUsPerPacket: null, cpuMsPerListenerSecond: null, rssMb: null, nodeCpuPct: null };
  }
  // Where a worker was replaced, its successor's count would be taken for its own.
  const cpuS = window.restarted > 0 ? null : workerCpuBetween(sfuBefore, sfuAfter);
  const nodeCpuS = (sfuAfter.nodeCpuS ?? Number.NaN) - (sfuBefore.nodeCpuS ?? Number.NaN);
  const rss = [...sfuAfter.workerRssBytes.values()].reduce((sum, bytes) => sum + bytes, 0);
  return {
    cpuUsPerPacket: cpuS === null ? null : roundOrNull((cpuS * 1e6) / window.counts.received, 2),
    cpuMsPerListenerSecond: cpuS === null ? null : roundOrNull((cpuS * 1e3) / (window.listeners * window.seconds), 4),
    rssMb: rss > 0 ? round(rss / 1e6, 1) : null,
    nodeCpuPct: roundOrNull((100 * nodeCpuS) / window.seconds, 1),
  };
}

function roundedUsage({ cpuPct, eventLoopDelayMs, rssMb, udpDropped }: GeneratorUsage): GeneratorUsage {
  const { p50, p99, max } = eventLoopDelayMs;
  return {
    cpuPct: round(cpuPct, 1),
    eventLoopDelayMs: { p50: round(p50, 1), p99: round(p99, 1), max: round(max, 1) },
    rssMb: round(rssMb, 1),
    udpDropped,
  };
}
