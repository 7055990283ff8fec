import { writeFile } from 'node:fs/promises';
import { EXIT_FAILED, runCommand, UsageError, type ValuesOf } from '@tribune/cli';
import { measureJoins } from '@tribune/bench/joins.ts';
import { FULL as BENCH } from '@tribune/bench/options.ts';
import { formatProgress } from '@tribune/loadtest/run/progress.ts';
import { runCheck, saveCheck, type CheckProgress } from './check.ts';
import { readCosts, withJoins } from './costs.ts';
import type { HttpPlane } from '@tribune/loadtest/players/Player.ts';
import { formatHttpPlan, planHttp } from './httpPlane.ts';
import { formatHtml } from './html.ts';
import { COMMAND, simulateOptionsOf, type SimulateOptions } from './options.ts';
import { runSimulation, type Progress } from './runSimulation.ts';
import { formatCheck, formatTable, grouped } from './table.ts';

const PROGRESS_INTERVAL_MS = 2000;

process.exit(
  await runCommand(COMMAND, process.argv.slice(2), async (values, signal) => {
    const options = simulateOptionsOf(values);
    if (values.plane !== 'webrtc') return planOverHttp({ ...values, plane: values.plane });
    if (values.cdn !== undefined) throw new UsageError('--cdn is for --plane hls');
    const files = { json: values.json ?? null, html: values.html ?? null };
    return values.check ? check(options, files, signal) : simulate(options, files, signal);
  }),
);

async function planOverHttp({ plane, listeners, nicGbit, cdn, bench, json }: HttpValues): Promise<number> {
  if (plane === 'stream' && cdn !== undefined) throw new UsageError('--cdn is for --plane hls: a stream is not kept');
  const plan = planHttp({ plane, listeners, nicGbit, cdnPlaces: cdn ?? 0 }, await readCosts(bench ?? null));
  console.log(formatHttpPlan(plan));
  if (json !== undefined) await writeFile(json, `${JSON.stringify(plan, null, 2)}\n`);
  return 0;
}

type HttpValues = Omit<ValuesOf<typeof COMMAND>, 'plane'> & { readonly plane: HttpPlane };

interface Files {
  readonly json: string | null;
  readonly html: string | null;
}

async function simulate(options: SimulateOptions, { json, html }: Files, signal: AbortSignal): Promise<number> {
  const costs = await readCosts(options.benchFile);
  const report = await runSimulation(options, costs, signal, createPrinter());
  console.log(formatTable(report));
  if (json) await writeFile(json, `${JSON.stringify(report, null, 2)}\n`);
  if (html) await writeFile(html, formatHtml(report));
  return report.everyoneInS === null ? EXIT_FAILED : 0;
}

async function check({ benchFile }: SimulateOptions, { json }: Files, signal: AbortSignal): Promise<number> {
  let costs = await readCosts(benchFile);
  if (costs.aloneMs === null || costs.cold === null) {
    console.error('The bench file has no lone and no cold joins: measuring joins first, which takes a minute');
    costs = withJoins(costs, await measureJoins(BENCH.joins, signal));
  }
  const result = await runCheck(costs, signal, createCheckPrinter());
  console.log(formatCheck(result));
  if (json) await writeFile(json, `${JSON.stringify(result, null, 2)}\n`);
  else console.log(`\nWritten to ${await saveCheck(result)}`);
  return 0;
}

/** On standard error, and only for runs that last: the report stays alone on standard output. */
function createPrinter(): Progress {
  let lastMs = performance.now();
  return (phase, second, { listening, waiting }) => {
    if (performance.now() - lastMs < PROGRESS_INTERVAL_MS) return;
    lastMs = performance.now();
    console.error(`${phase}: second ${second.toFixed(0)}, ${grouped(listening)} in, ${grouped(waiting)} waiting`);
  };
}

function createCheckPrinter(): CheckProgress {
  let lastMs = -Infinity;
  return (name, progress) => {
    if (performance.now() - lastMs < PROGRESS_INTERVAL_MS) return;
    lastMs = performance.now();
    console.error(`load test ${name}: ${formatProgress(progress).trim()}`);
  };
}
