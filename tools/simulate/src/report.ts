import { percentilesOf, round, roundOrNull, type Percentiles } from '@tribune/loadtest/hearing/stats.ts';
import type { CheckResult } from './check.ts';
import type { Costs } from './costs.ts';
import { assumptionsOf, streamOf, type Cluster } from './model.ts';
import type { SimulateOptions } from './options.ts';
import type { Second } from './SecondSeries.ts';
import type { Counts } from './People.ts';
import type { Outcome, QueueOutcome } from './Simulation.ts';

/** From here on a resource counts as full. */
const FULL_SHARE = 0.95;

interface Saturation {
  readonly resource: 'admission' | 'Node core' | 'media workers' | 'network' | 'memory';
  /** Second at which it was first full; null when it never was. */
  readonly atS: number | null;
  /** Most that was used, in % of what there is; null for admission, which is full or not. */
  readonly peakPct: number | null;
}

interface QueueReport {
  readonly longest: number;
  readonly longestAtS: number;
  /** In seconds, of the people who were let in from the queue. */
  readonly waitS: Percentiles;
  readonly letIn: number;
  /** Who were in it at the end. */
  readonly left: number;
}

/** What `--json` writes. */
export interface SimulationReport {
  readonly options: SimulateOptions;
  readonly costsFrom: string;
  readonly counts: Counts;
  readonly everyoneInS: number | null;
  readonly ttfaMs: Percentiles;
  readonly longestWaitS: number | null;
  readonly refusals: number;
  /** Of those who found every node full; null when nobody did. */
  readonly queue: QueueReport | null;
  /** In the order in which they were full; what never was comes last. */
  readonly saturation: readonly Saturation[];
  readonly mostLossPct: number;
  readonly recovery: (Percentiles & { readonly maxMs: number; readonly people: number }) | null;
  /** For 95 % to hear something within 3 s; null when no number is enough. */
  readonly nodesNeeded: number | null;
  readonly cost: {
    readonly cores: number;
    readonly coresUsed: number;
    readonly gbit: number;
    readonly memoryGb: number;
    readonly bytesPerPacket: number;
    readonly roomCapacity: number;
  };
  readonly assumptions: readonly string[];
  readonly lastCheck: CheckResult | null;
  readonly seconds: readonly Second[];
}

export function buildReport(
  options: SimulateOptions,
  costs: Costs,
  outcome: Outcome,
  nodesNeeded: number | null,
  lastCheck: CheckResult | null,
): SimulationReport {
  const { cluster } = options;
  const { everyoneInMs, ttfaMs, seconds } = outcome;
  return {
    options,
    costsFrom: costs.source,
    counts: outcome.counts,
    everyoneInS: everyoneInMs === null ? null : round(everyoneInMs / 1000, 1),
    ttfaMs: percentilesOf(ttfaMs),
    longestWaitS: roundOrNull(most(ttfaMs) / 1000, 1),
    refusals: outcome.refusals,
    queue: queueOf(outcome.queue),
    saturation: saturationOf(cluster, costs, outcome),
    mostLossPct: round(Math.max(0, most(seconds.map(({ lossPct }) => lossPct))), 2),
    recovery: recoveryOf(outcome.recoveryMs),
    nodesNeeded,
    cost: costOf(cluster, costs, outcome),
    assumptions: assumptionsOf(cluster, costs),
    lastCheck,
    seconds,
  };
}

function saturationOf(cluster: Cluster, costs: Costs, { seconds, firstRefusalMs, peakPerNode }: Outcome): Saturation[] {
  const along = (resource: Saturation['resource'], shareOf: (second: (typeof seconds)[number]) => number) => ({
    resource,
    atS: seconds.find((second) => shareOf(second) >= FULL_SHARE)?.s ?? null,
    peakPct: round(100 * Math.max(0, most(seconds.map(shareOf))), 1),
  });
  const gbPerListener = costs.kbPerListener / 1e6;
  const memory = along('memory', ({ listenersMax }) => (listenersMax * gbPerListener) / cluster.memoryGb);
  const all: Saturation[] = [
    { resource: 'admission', atS: firstRefusalMs === null ? null : round(firstRefusalMs / 1000, 1), peakPct: null },
    along('Node core', ({ nodeShareMax }) => nodeShareMax),
    along('media workers', ({ workerShareMax }) => workerShareMax),
    along('network', ({ gbitMax }) => gbitMax / cluster.nicGbit),
    { ...memory, peakPct: round((100 * peakPerNode * gbPerListener) / cluster.memoryGb, 1) },
  ];
  return all.sort((a, b) => (a.atS ?? Number.MAX_VALUE) - (b.atS ?? Number.MAX_VALUE));
}

function costOf(cluster: Cluster, costs: Costs, { counts, peakPerNode, seconds }: Outcome): SimulationReport['cost'] {
  const { bitsPerSecond, bytesPerPacket, workerShare } = streamOf(cluster, costs);
  const pulses = (seconds.at(-1)?.nodeShare ?? 0) * cluster.nodes;
  return {
    cores: cluster.nodes * cluster.cores,
    coresUsed: round(counts.listening * workerShare + pulses, 1),
    gbit: round((counts.listening * bitsPerSecond) / 1e9, 2),
    memoryGb: round((counts.listening * costs.kbPerListener) / 1e6, 1),
    bytesPerPacket,
    roomCapacity: peakPerNode,
  };
}

function queueOf({ longest, longestAtMs, waitsMs, left }: QueueOutcome): QueueReport | null {
  if (longest === 0) return null;
  const waitS = percentilesOf(waitsMs.map((ms) => ms / 1000));
  return { longest, longestAtS: round(longestAtMs / 1000, 1), waitS, letIn: waitsMs.length, left };
}

function recoveryOf(recoveryMs: readonly number[]): SimulationReport['recovery'] {
  if (recoveryMs.length === 0) return null;
  return { ...percentilesOf(recoveryMs), maxMs: round(most(recoveryMs), 1), people: recoveryMs.length };
}

/** Of audiences too large for the arguments of `Math.max`. */
function most(values: readonly number[]): number {
  return values.reduce((max, value) => Math.max(max, value), -Infinity);
}
