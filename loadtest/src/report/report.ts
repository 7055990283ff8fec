import type { BehaviourReport } from '../people/behaviour.ts';
import type { BrowserReport } from '../browsers/browserReport.ts';
import { readEnvironment, type Environment } from './environment.ts';
import type { HttpReport } from '../players/httpReport.ts';
import type { ProcessUsage } from '../ProcessMonitor.ts';
import { describeKinds, latencyOf, mosOf, type GroupReport } from './groupReport.ts';
import type { Group } from '../hearing/kinds.ts';
import type { ListenerResult } from '../people/AudiencePart.ts';
import { isIn } from '../people/Listener.ts';
import { judge, type Evidence, type Verdict } from './limit.ts';
import type { MachineReport } from '../machines/Machine.ts';
import type { LoadTestOptions } from '../options.ts';
import { describeRooms, type RoomsReport } from './roomReport.ts';
import type { SeriesPoint } from './series.ts';
import { type NodeLoad, workerCpuBetween, type ServerBuild, type SfuSample } from './sfuMetrics.ts';
import { percentilesOf, quantilesOf, round, roundOrNull, tally, type Percentiles } from '../hearing/stats.ts';
import { NO_GROUP } from '../hearing/GroupWindow.ts';
import { Histogram } from '../hearing/Histogram.ts';
import { everyone, heardFromServer, type WindowResult } from '../hearing/SteadyWindow.ts';

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
    /** Listeners whom the server told to come back later. */
    readonly toldToWait: number;
    /** How often a node gave a ticket and passed no media, so that a listener went to another. */
    readonly mediaFailed: number;
    readonly failed: readonly { readonly reason: string; readonly count: number }[];
  };
  /** Each room by itself, all as one, and the worst. Null in a run with one room, which is what all the other figures are of. */
  readonly rooms: RoomsReport | null;
  /** Each kind of listener by itself; null where there is nobody of it. */
  readonly kinds: Readonly<Record<Group, GroupReport | null>>;
  /** From the ticket request until ICE and DTLS were up. This and what follows leaves those behind a slow network out. */
  readonly joinMs: Percentiles;
  /** From the ticket request to the first audio packet. */
  readonly ttfaMs: Percentiles;
  /** Of the steady window: 100 x lost / (lost + received). */
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
  /** Of a cluster: the listeners of each node at the end of the window, all rooms counted. Empty for a server by itself. */
  readonly nodes: readonly NodeLoad[];
  /** What the server took while people came, the load test's readings of `/metrics` included; null where it did not tell. */
  readonly arriving: {
    readonly seconds: number;
    readonly nodeCpuMs: number;
    readonly workerCpuMs: number;
    /** Of the processes that run listeners. */
    readonly clientCpuMs: number;
  } | null;
  /** RFC 3550 interarrival jitter at the end of the window, as the event loop of the load test saw it. */
  readonly jitterMs: Percentiles;
  /** One way, from when a packet was due at the speaker; null where packets are not stamped by the clock. */
  readonly latencyMs: Percentiles;
  /** Of all listeners, the longest time without what was sent. */
  readonly longestGapMs: Percentiles;
  /** Estimated by the E-model of ITU-T G.107; low percentiles, since low is bad. */
  readonly mos: GroupReport['mos'];
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
    /** Of all rooms together. */
    readonly count: number;
    /** Packets sent by all of them within the window. */
    readonly sent: number | null;
    /** Frames of the whole run that were not sent because the load test was late. */
    readonly skipped: number;
  };
  /** What listeners and speakers did beside listening and speaking; null where they did nothing. */
  readonly behaviour: BehaviourReport | null;
  /** The load test's own consumption within the window. */
  readonly generator: ProcessUsage | null;
  /** Other machines that ran listeners too. */
  readonly machines: readonly MachineReport[];
  /** Listeners in real browsers, who are in none of the figures above; null in a run without. */
  readonly browsers: BrowserReport | null;
  /** Players over HTTP, who are in none of the figures above but those of the server; null in a run without. */
  readonly http: HttpReport | null;
  /** Each second of the run. */
  readonly series: readonly SeriesPoint[];
  /** The values at each percent, from 0 to 100; empty where nothing was measured. */
  readonly cdf: {
    readonly joinMs: readonly number[];
    readonly ttfaMs: readonly number[];
    readonly jitterMs: readonly number[];
    readonly latencyMs: readonly number[];
    readonly longestGapMs: readonly number[];
    readonly mos: readonly number[];
  };
  /** `server` is null where it does not tell its versions. */
  readonly environment: Environment & { readonly server: ServerBuild | null };
}

/** What was measured over the steady window. */
export interface SteadyMeasurement {
  readonly window: WindowResult;
  readonly sent: number;
  readonly generator: ProcessUsage;
  readonly sfuBefore: SfuSample | null;
  readonly sfuAfter: SfuSample | null;
}

export interface Measurements {
  readonly startedAt: Date;
  readonly options: LoadTestOptions;
  readonly interrupted: string | null;
  readonly listeners: readonly ListenerResult[];
  /** First ticket request until everyone had arrived; null when it did not come to that. */
  readonly rampMs: number | null;
  readonly skipped: number;
  readonly steady: SteadyMeasurement | null;
  readonly phases: Evidence['phases'];
  readonly machines: readonly MachineReport[];
  readonly browsers: BrowserReport | null;
  readonly http: HttpReport | null;
  readonly behaviour: BehaviourReport | null;
  readonly series: readonly SeriesPoint[];
}

export function buildReport(measured: Measurements): Report {
  const { startedAt, options, interrupted, listeners, rampMs, skipped, steady, phases, series } = measured;
  const reasons = listeners.flatMap(({ state }) => (state.kind === 'failed' ? [state.reason] : []));
  const joined = listeners.filter(({ state }) => isIn(state)).length;
  const toldToWait = listeners.filter(({ refusals }) => refusals > 0).length;
  const mediaFailed = listeners.reduce((sum, listener) => sum + listener.mediaFailed, 0);
  const window = steady?.window ?? null;
  const heard = window ? heardFromServer(window) : NO_GROUP;
  const received = heard.counts.received;
  const onGoodNetwork = listeners.filter(({ kind }) => !kind.slow);
  const joinMs = onGoodNetwork.flatMap((listener) => listener.joinMs ?? []);
  const ttfaMs = onGoodNetwork.flatMap((listener) => listener.ttfaMs ?? []);
  return {
    startedAt: startedAt.toISOString(),
    options,
    interrupted,
    listeners: { asked: options.listeners, joined, toldToWait, mediaFailed, failed: tally(reasons) },
    rooms: options.rooms > 1 ? describeRooms(options.rooms, listeners, window?.rooms ?? [], window && heard) : null,
    kinds: describeKinds(listeners, window),
    joinMs: percentilesOf(joinMs),
    ttfaMs: percentilesOf(ttfaMs),
    lossPct: window && roundOrNull((100 * heard.lost) / (heard.lost + received), 4),
    packetsPerListenerPerSecond: window && roundOrNull(received / heard.listenerSeconds, 2),
    joinsPerSecond: rampMs === null ? null : roundOrNull((joined * 1000) / rampMs, 2),
    sfu: sfuOf(steady),
    arriving: arrivingOf(phases),
    jitterMs: percentilesOf(heard.jitterMs),
    latencyMs: latencyOf(heard),
    longestGapMs: percentilesOf(heard.longestGapMs),
    mos: mosOf(heard),
    window: window && {
      seconds: round(window.seconds, 3),
      listeners: heard.listeners,
      received,
      lost: heard.lost,
      duplicates: heard.counts.duplicates,
      reordered: heard.counts.reordered,
      restarted: window.restarted,
    },
    speakers: { count: options.rooms * options.speakers, sent: steady?.sent ?? null, skipped },
    generator: steady && roundedUsage(steady.generator),
    ...judge({ phases, skipped, failures: reasons }),
    behaviour: measured.behaviour,
    machines: measured.machines.map((machine) => ({ ...machine, offsetMs: round(machine.offsetMs, 3) })),
    browsers: measured.browsers,
    http: measured.http,
    series,
    cdf: {
      joinMs: quantilesOf(joinMs),
      ttfaMs: quantilesOf(ttfaMs),
      jitterMs: quantilesOf(heard.jitterMs),
      latencyMs: new Histogram(heard.quality.latencyBins).quantiles(),
      longestGapMs: quantilesOf(heard.longestGapMs),
      mos: quantilesOf(heard.mos, 2),
    },
    nodes: steady?.sfuAfter?.nodes ?? [],
    environment: { ...readEnvironment(), server: steady?.sfuAfter?.build ?? null },
  };
}

/** Did every listener join and hear the speakers to the end, those in browsers and over HTTP too? */
export function isSuccess({ interrupted, listeners, browsers, http }: Report): boolean {
  const areAllIn =
    listeners.joined === listeners.asked && browsers?.joined === browsers?.asked && http?.joined === http?.asked;
  return interrupted === null && areAllIn;
}

function sfuOf(steady: SteadyMeasurement | null): Report['sfu'] {
  const { sfuBefore, sfuAfter, window } = steady ?? {};
  if (!sfuBefore || !sfuAfter || !window || window.seconds < MIN_SFU_SECONDS) {
    return { cpuUsPerPacket: null, cpuMsPerListenerSecond: null, rssMb: null, nodeCpuPct: null };
  }
  // The server sends a listener behind a slow network every packet, also those that the network then loses.
  const { listenerSeconds, counts, quality } = everyone(window);
  const delivered = counts.received + quality.inflicted;
  // Where a worker was replaced, its successor's count would be taken for its own.
  const cpuS = window.restarted > 0 ? null : workerCpuBetween(sfuBefore, sfuAfter);
  const nodeCpuS = (sfuAfter.nodeCpuS ?? Number.NaN) - (sfuBefore.nodeCpuS ?? Number.NaN);
  const rss = [...sfuAfter.workerRssBytes.values()].reduce((sum, bytes) => sum + bytes, 0);
  return {
    cpuUsPerPacket: cpuS === null ? null : roundOrNull((cpuS * 1e6) / delivered, 2),
    cpuMsPerListenerSecond: cpuS === null ? null : roundOrNull((cpuS * 1e3) / listenerSeconds, 4),
    rssMb: rss > 0 ? round(rss / 1e6, 1) : null,
    nodeCpuPct: roundOrNull((100 * nodeCpuS) / window.seconds, 1),
  };
}

function arrivingOf(phases: Measurements['phases']): Report['arriving'] {
  const { from, to, seconds, processes } = phases.find(({ name }) => name === 'arriving') ?? {};
  if (!from || !to || seconds === undefined || !processes) return null;
  // The first is the one that runs the speakers.
  const clientPct = processes.slice(1).reduce((sum, { cpuPct }) => sum + cpuPct, 0);
  const workerCpuS = workerCpuBetween(from, to);
  const nodeCpuS = (to.nodeCpuS ?? Number.NaN) - (from.nodeCpuS ?? Number.NaN);
  if (workerCpuS === null || !(nodeCpuS >= 0)) return null;
  return {
    seconds: round(seconds, 2),
    nodeCpuMs: round(nodeCpuS * 1000, 1),
    workerCpuMs: round(workerCpuS * 1000, 1),
    clientCpuMs: round(clientPct * seconds * 10, 1),
  };
}

function roundedUsage({ cpuPct, eventLoopDelayMs, rssMb, udpDropped }: ProcessUsage): ProcessUsage {
  const { p50, p99, max } = eventLoopDelayMs;
  return {
    machine: '',
    cpuPct: round(cpuPct, 1),
    eventLoopDelayMs: { p50: round(p50, 1), p99: round(p99, 1), max: round(max, 1) },
    rssMb: round(rssMb, 1),
    udpDropped,
  };
}
