import { writeFile } from 'node:fs/promises';
import { measureJoins } from '@tribune/bench/joins.ts';
import { FULL as BENCH } from '@tribune/bench/options.ts';
import { formatProgress } from '@tribune/loadtest/run/progress.ts';
import { runCheck, saveCheck, type CheckProgress } from './check.ts';
import { readCosts, withJoins } from './costs.ts';
import { formatHtml } from './html.ts';
import { HELP, parseCommandLine, type CommandLine } from './options.ts';
import { runSimulation, type Progress } from './runSimulation.ts';
import { formatCheck, formatTable, grouped } from './table.ts';
import { UsageError } from './UsageError.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
const EXIT_INTERRUPTED = 130;
const PROGRESS_INTERVAL_MS = 2000;

const interruption = new AbortController();
// Further ones change nothing: a Ctrl-C under npm arrives twice.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interruption.abort());

process.exit(await main(process.argv.slice(2)).catch(explain));

async function main(args: readonly string[]): Promise<number> {
  const commandLine = parseCommandLine(args);
  if (!commandLine) {
    console.log(HELP);
    return 0;
  }
  return commandLine.isCheck ? check(commandLine) : simulate(commandLine);
}

async function simulate({ options, jsonFile, htmlFile }: CommandLine): Promise<number> {
  const costs = await readCosts(options.benchFile);
  const report = await runSimulation(options, costs, interruption.signal, createPrinter());
  console.log(formatTable(report));
  if (jsonFile) await writeFile(jsonFile, `${JSON.stringify(report, null, 2)}\n`);
  if (htmlFile) await writeFile(htmlFile, formatHtml(report));
  return report.everyoneInS === null ? EXIT_FAILED : 0;
}

async function check({ options, jsonFile }: CommandLine): Promise<number> {
  let costs = await readCosts(options.benchFile);
  if (costs.aloneMs === null || costs.cold === null) {
    console.error('The bench file has no lone and no cold joins: measuring joins first, which takes a minute');
    costs = withJoins(costs, await measureJoins(BENCH.joins, interruption.signal));
  }
  const result = await runCheck(costs, interruption.signal, createCheckPrinter());
  console.log(formatCheck(result));
  if (jsonFile) await writeFile(jsonFile, `${JSON.stringify(result, null, 2)}\n`);
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

function explain(error: unknown): number {
  if (interruption.signal.aborted) return EXIT_INTERRUPTED;
  if (error instanceof UsageError) {
    console.error(`${error.message}\n\nSee: npm run simulate -- --help`);
    return EXIT_USAGE;
  }
  console.error(error);
  return EXIT_FAILED;
}
