import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { BenchServer } from '@tribune/bench/BenchServer.ts';
import { Cluster } from '@tribune/chaos/cluster/Cluster.ts';
import { planArrivals } from '@tribune/loadtest/people/arrivals.ts';
import { parseCommandLine as parseLoadTest } from '@tribune/loadtest/options.ts';
import type { Progress } from '@tribune/loadtest/run/progress.ts';
import type { Report } from '@tribune/loadtest/report/report.ts';
import { runLoadTest } from '@tribune/loadtest/run/runLoadTest.ts';
import { percentilesOf, round } from '@tribune/loadtest/hearing/stats.ts';
import type { Costs } from './costs.ts';
import type { Cluster as ClusterModel } from './model.ts';
import { Simulation, type Outcome } from './Simulation.ts';

const RESULTS = new URL('../results/', import.meta.url).pathname;
const SEED = 1;

/** As in the bench, and so in the model: one speaker, and listeners who decrypt every packet, in one process. */
const CASES = [
  { name: '100 at 25/s', args: ['--listeners', '100', '--full', '100', '--rate', '25'] },
  { name: '300 at 60/s', args: ['--listeners', '300', '--full', '300', '--rate', '60'] },
  { name: '500 at once', args: ['--flash', '500', '--full', '500'] },
] as const;

/** What a cluster does whatever its cores can: how people are let in, and spread. */
const ADMISSION_CASE = {
  name: '300 at once, 3 nodes that let 10 in per second each',
  args: ['--flash', '300'],
  nodes: 3,
  joinsPerS: 10,
} as const;
const CLUSTER_PORT = 3600;

interface CheckedFigure {
  readonly figure: string;
  readonly predicted: number | null;
  readonly measured: number | null;
  /** Of what was predicted, from what was measured; null where one of them is missing. */
  readonly errorPct: number | null;
}

/** What the model said of load tests that were run, and what they measured. */
export interface CheckResult {
  /** What a reader has to know of the circumstances; written by hand. */
  readonly note?: string;
  readonly date: string;
  readonly cores: number;
  readonly costsFrom: string;
  readonly cases: readonly { readonly name: string; readonly figures: readonly CheckedFigure[] }[];
}

/** Twice a second, with the load test that runs. */
export type CheckProgress = (name: string, progress: Progress) => void;

/** Runs load tests against servers of its own, one after the other, and simulates the same arrivals. */
export async function runCheck(costs: Costs, signal: AbortSignal, onProgress?: CheckProgress): Promise<CheckResult> {
  const cases: { readonly name: string; readonly figures: readonly CheckedFigure[] }[] = [];
  const run = async (name: string, args: readonly string[], url: string) => {
    const fixed = [
      '--processes',
      '1',
      '--speakers',
      '1',
      '--open-mics',
      '1',
      '--duration',
      '3',
      '--seed',
      String(SEED),
    ];
    const { options } = parseLoadTest([...args, ...fixed, '--url', url])!;
    const report = await runLoadTest(options, { signal, onProgress: (progress) => onProgress?.(name, progress) });
    signal.throwIfAborted();
    return { report, schedule: planArrivals(options.arrivals, options.listeners, SEED) };
  };
  for (const { name, args } of CASES) {
    signal.throwIfAborted();
    // A new server for each: nothing of the one before is left in it.
    const server = await BenchServer.create(signal);
    try {
      const { report, schedule } = await run(name, args, server.origin);
      const outcome = await new Simulation(thisMachine(), costs, schedule, SEED).run();
      cases.push({ name, figures: compare(outcome, report) });
    } finally {
      await server.close();
    }
  }
  const { name, args, nodes, joinsPerS } = ADMISSION_CASE;
  const limits = { JOINS_PER_S: String(joinsPerS), NODE_CAPACITY: '1000' };
  const cluster = await Cluster.create({ nodes, port: CLUSTER_PORT, env: limits }, signal);
  try {
    const { report, schedule } = await run(name, args, cluster.origin);
    const model = { ...thisMachine(), nodes, joinsPerS, sharedCores: null };
    const outcome = await new Simulation(model, costs, schedule, SEED).run();
    cases.push({ name, figures: compareAdmission(outcome, report) });
  } finally {
    await cluster.close();
  }
  return { date: new Date().toISOString(), cores: availableParallelism(), costsFrom: costs.source, cases };
}

/** @returns the file. */
export async function saveCheck(result: CheckResult): Promise<string> {
  await mkdir(RESULTS, { recursive: true });
  const file = join(RESULTS, `check-${result.date.slice(0, 10)}.json`);
  await writeFile(file, `${JSON.stringify(result, null, 2)}\n`);
  return file;
}

/** The newest that was saved; null when there is none. */
export async function readLastCheck(): Promise<CheckResult | null> {
  const names = (await readdir(RESULTS).catch(() => [])).filter((name) => name.startsWith('check-'));
  const newest = names.sort().at(-1);
  return newest ? (JSON.parse(await readFile(join(RESULTS, newest), 'utf8')) as CheckResult) : null;
}

/** As `BenchServer` starts it: one worker for the audience, and nobody is told to wait. */
function thisMachine(): ClusterModel {
  return {
    nodes: 1,
    cores: 2,
    workers: 1,
    delivery: 'mix',
    openMics: 1,
    rttMs: 0,
    joinsPerS: Infinity,
    capacity: Infinity,
    leavePct: 0,
    nicGbit: 10,
    memoryGb: 64,
    failures: [],
    sharedCores: availableParallelism(),
  };
}

type Measured = Pick<Report, 'ttfaMs' | 'joinsPerSecond' | 'arriving'>;

function compare(outcome: Outcome, { ttfaMs, joinsPerSecond, arriving }: Measured): CheckedFigure[] {
  const predicted = percentilesOf(outcome.ttfaMs);
  const inS = outcome.everyoneInMs === null ? null : outcome.everyoneInMs / 1000;
  const pct = (cpuMs: number | undefined, seconds: number | null | undefined) =>
    cpuMs === undefined || !seconds ? null : cpuMs / seconds / 10;
  const { node, workers } = outcome.usedMs ?? {};
  return [
    checked('time to first audio p50, ms', predicted.p50, ttfaMs.p50),
    checked('time to first audio p95, ms', predicted.p95, ttfaMs.p95),
    checked('joins per second', inS === null ? null : outcome.counts.listening / inS, joinsPerSecond),
    checked('Node CPU, %', pct(node, inS), pct(arriving?.nodeCpuMs, arriving?.seconds)),
    checked('worker CPU, %', pct(workers, inS), pct(arriving?.workerCpuMs, arriving?.seconds)),
  ];
}

function compareAdmission(outcome: Outcome, { ttfaMs, joinsPerSecond, nodes }: Report): CheckedFigure[] {
  const predicted = percentilesOf(outcome.ttfaMs);
  const inS = outcome.everyoneInMs === null ? null : outcome.everyoneInMs / 1000;
  const most = nodes.length > 0 ? Math.max(...nodes.map(({ listeners }) => listeners)) : null;
  return [
    checked('time to first audio p50, ms', predicted.p50, ttfaMs.p50),
    checked('time to first audio p95, ms', predicted.p95, ttfaMs.p95),
    checked('joins per second', inS === null ? null : outcome.counts.listening / inS, joinsPerSecond),
    checked('most people on one node', outcome.peakPerNode, most),
  ];
}

function checked(figure: string, predicted: number | null, measured: number | null): CheckedFigure {
  const isComparable = predicted !== null && measured !== null && measured > 0;
  return {
    figure,
    predicted: predicted === null ? null : round(predicted, 1),
    measured: measured === null ? null : round(measured, 1),
    errorPct: isComparable ? round((100 * (predicted - measured)) / measured, 0) : null,
  };
}
