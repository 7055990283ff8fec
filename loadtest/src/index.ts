import { access, constants, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { formatCalibration } from './calibrate/formatCalibration.ts';
import { readEnvironment } from './run/environment.ts';
import { failedAssertions } from './report/assertions.ts';
import { Failure } from './people/failure.ts';
import { RefusedHostError } from './run/guard.ts';
import { formatHtml } from './report/html.ts';
import { HELP, parseCommandLine, UsageError, type CommandLine } from './options.ts';
import { parseJoin } from './machines/joinOptions.ts';
import { joinRun, type JoinOptions } from './machines/joinRun.ts';
import { isSuccess } from './report/report.ts';
import { formatLive, formatProgress, type Progress } from './run/progress.ts';
import { runLoadTest } from './run/runLoadTest.ts';
import { formatTable } from './report/table.ts';
import { Terminal } from './run/Terminal.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
const EXIT_INTERRUPTED = 130;
const PLAIN_INTERVAL_S = 2;

const interruption = new AbortController();

try {
  const args = process.argv.slice(2);
  const join = parseJoin(args);
  const commandLine = join ? null : parseCommandLine(args);
  if (join) process.exitCode = await lend(join);
  else if (!commandLine) process.exitCode = help();
  else process.exitCode = commandLine.calibrate ? await measureItself(commandLine.jsonFile) : await run(commandLine);
} catch (error) {
  process.exitCode = explain(error);
}

function help(): number {
  console.log(HELP);
  return 0;
}

/** Lends this machine to a run that another one coordinates. */
async function lend(options: JoinOptions): Promise<number> {
  endOnSignals();
  const joined = () => console.log(`Joined ${options.host}:${options.port} with ${options.processes} processes`);
  await joinRun(options, joined, interruption.signal);
  console.log('The run is over');
  return interruption.signal.aborted ? EXIT_INTERRUPTED : 0;
}

/** The second one ends the process at once, as it does by default. */
function endOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort('interrupted'));
}

/** Drives the load test itself to its limit. */
async function measureItself(jsonFile: string | null): Promise<number> {
  if (jsonFile) await assertWritable('--json', jsonFile);
  endOnSignals();
  const { signal } = interruption;
  const { findWorker } = await import('../../scripts/lib/worker.mjs');
  const { calibrate, FULL_SIZE } = await import('./calibrate/calibrate.ts');
  try {
    const results = await calibrate(await findWorker({ signal }), { size: FULL_SIZE, signal, onStep: console.log });
    console.log(`\n${formatCalibration(results)}`);
    if (jsonFile)
      await writeFile(jsonFile, `${JSON.stringify({ environment: readEnvironment(), results }, null, 2)}\n`);
    return 0;
  } catch (error) {
    if (signal.aborted) return EXIT_INTERRUPTED;
    throw error;
  }
}

async function run({ options, assertions, jsonFile, htmlFile, key }: CommandLine): Promise<number> {
  if (jsonFile) await assertWritable('--json', jsonFile);
  if (htmlFile) await assertWritable('--html', htmlFile);
  endOnSignals();
  const terminal = process.stdout.isTTY ? new Terminal(process.stdout) : null;
  const onProgress = terminal ? drawOn(terminal) : createPrinter();
  const report = await runLoadTest(options, {
    signal: interruption.signal,
    key,
    onNotice: console.log,
    onProgress,
  }).finally(() => terminal?.end());
  console.log(formatTable(report));
  if (jsonFile) await writeFile(jsonFile, `${JSON.stringify(report, null, 2)}\n`);
  if (htmlFile) await writeFile(htmlFile, formatHtml(report));
  if (interruption.signal.aborted) return EXIT_INTERRUPTED;
  const broken = failedAssertions(assertions, report);
  for (const line of broken) console.error(line);
  return isSuccess(report) && broken.length === 0 ? 0 : EXIT_FAILED;
}

/** Better now than after the run. @throws {UsageError} */
async function assertWritable(option: string, file: string): Promise<void> {
  await access(dirname(resolve(file)), constants.W_OK).catch(() => {
    throw new UsageError(`${option} names a file in a folder that cannot be written to: ${file}`);
  });
}

function drawOn(terminal: Terminal): (progress: Progress) => void {
  return (progress) => terminal.draw(formatLive(progress, terminal.columns));
}

/** A plain line every 2 s, and one whenever the phase changes. */
function createPrinter(): (progress: Progress) => void {
  let last: Progress | null = null;
  return (progress) => {
    const isDue = !last || progress.phase !== last.phase || progress.elapsedS - last.elapsedS >= PLAIN_INTERVAL_S;
    if (!isDue) return;
    last = progress;
    console.log(formatProgress(progress));
  };
}

function explain(error: unknown): number {
  if (error instanceof UsageError || error instanceof RefusedHostError) {
    console.error(`${error.message}\n\nSee: npm run loadtest -- --help`);
    return EXIT_USAGE;
  }
  if (error instanceof Failure) {
    const detail = error.cause instanceof Error ? ` (${error.cause.message})` : '';
    console.error(`The room could not be set up: ${error.reason}${detail}`);
    return EXIT_FAILED;
  }
  console.error(error);
  return EXIT_FAILED;
}
