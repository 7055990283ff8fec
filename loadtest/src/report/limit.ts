import { availableParallelism } from 'node:os';
import type { ProcessUsage } from '../ProcessMonitor.ts';
import { nodeCpuPct, workerCpuPct, type SfuSample } from './sfuMetrics.ts';
import { round } from '../hearing/stats.ts';

/** Percent of one core above which a thread is late more often than not. */
export const BUSY_PCT = 85;
/** Percent of all cores: when browsers take more, the others wait for them. */
const BROWSERS_SHARE_PCT = 30;
export const LATE_MS = 50;
/** Failures that the machine of the load test causes, when it has no sockets or files left. */
const OUT_OF_SOCKETS = /EMFILE|ENFILE|EADDRNOTAVAIL|ENOBUFS/;

/** The side that was at its limit, so that the figures describe it: with `generator`, the times say little about the server. */
export type Limit = 'none' | 'generator' | 'server' | 'both' | 'unknown';

export interface Verdict {
  readonly limit: Limit;
  /** In words, one for each sign. */
  readonly limitReasons: readonly string[];
}

/** What there is to judge by, of each phase that was measured. */
export interface Evidence {
  readonly phases: readonly {
    readonly name: 'arriving' | 'measuring';
    /** Each process of the load test. */
    readonly processes: readonly ProcessUsage[];
    readonly seconds: number;
    /** Of Chromium in a run with real browsers, of one core; null where it was not measured. */
    readonly browserCpuPct: number | null;
    readonly from: SfuSample | null;
    readonly to: SfuSample | null;
  }[];
  /** Frames of speech that were not sent in time. */
  readonly skipped: number;
  readonly failures: readonly string[];
}

export function judge({ phases, skipped, failures }: Evidence): Verdict {
  const generator: string[] = [];
  const server: string[] = [];
  for (const { name, processes, seconds, browserCpuPct, from, to } of phases) {
    generator.push(...processSigns(processes, name), ...browserSigns(browserCpuPct, name));
    if (from && to) server.push(...serverSigns(from, to, seconds, name));
  }
  if (skipped > 0) generator.push(`${skipped} frames of speech were not sent in time`);
  const starved = failures.filter((reason) => OUT_OF_SOCKETS.test(reason)).length;
  if (starved > 0) generator.push(`${starved} listeners found no socket left on the load test's machine`);
  const limitReasons = [...generator, ...server];
  if (phases.length === 0) return { limit: 'unknown', limitReasons };
  if (generator.length > 0) return { limit: server.length > 0 ? 'both' : 'generator', limitReasons };
  return { limit: server.length > 0 ? 'server' : 'none', limitReasons };
}

function processSigns(processes: readonly ProcessUsage[], phase: string): string[] {
  const signs: string[] = [];
  const cpuPct = Math.max(0, ...processes.map((usage) => usage.cpuPct));
  if (cpuPct >= BUSY_PCT) signs.push(`a process of the load test took ${round(cpuPct, 0)} % of a core while ${phase}`);
  const lateMs = Math.max(0, ...processes.map(({ eventLoopDelayMs }) => eventLoopDelayMs.p99));
  if (lateMs >= LATE_MS) signs.push(`the load test's event loop was ${round(lateMs, 0)} ms late (p99) while ${phase}`);
  const dropped = processes.reduce((sum, { udpDropped }) => sum + (udpDropped ?? 0), 0);
  if (dropped > 0) signs.push(`the kernel dropped ${dropped} datagrams that were not read in time while ${phase}`);
  return signs;
}

function browserSigns(cpuPct: number | null, phase: string): string[] {
  if (cpuPct === null || cpuPct < BROWSERS_SHARE_PCT * availableParallelism()) return [];
  return [`the browsers took ${round(cpuPct, 0)} % of a core while ${phase}, on the machine of the load test`];
}

function serverSigns(from: SfuSample, to: SfuSample, seconds: number, phase: string): string[] {
  const signs: string[] = [];
  for (const [worker, cpuPct] of workerCpuPct(from, to, seconds)) {
    if (cpuPct >= BUSY_PCT) signs.push(`media worker ${worker} took ${round(cpuPct, 0)} % of a core while ${phase}`);
  }
  const nodePct = nodeCpuPct(from, to, seconds);
  if (nodePct !== null && nodePct >= BUSY_PCT)
    signs.push(`the server's Node took ${round(nodePct, 0)} % of a core while ${phase}`);
  return signs;
}
