import { access, constants, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { EXIT_FAILED, EXIT_INTERRUPTED, runCommand, UsageError } from '@tribune/cli';
import { formatCalibration } from './calibrate/formatCalibration.ts';
import { isJoin, JOIN_COMMAND, joinOptionsOf } from './machines/joinOptions.ts';
import { joinRun, type JoinOptions } from './machines/joinRun.ts';
import { COMMAND, commandLineOf, type CommandLine } from './options.ts';
import { Failure } from './people/failure.ts';
import { failedAssertions } from './report/assertions.ts';
import { formatHtml } from './report/html.ts';
import { isSuccess } from './report/report.ts';
import { formatTable } from './report/table.ts';
import { readEnvironment } from './report/environment.ts';
import { RefusedHostError } from './guard.ts';
import { formatLive, formatProgress, type Progress } from './run/progress.ts';
import { runLoadTest } from './run/runLoadTest.ts';
import { Terminal } from './run/Terminal.ts';

const PLAIN_INTERVAL_S = 2;

const args = process.argv.slice(2);
process.exitCode = isJoin(args)
  ? await runCommand(JOIN_COMMAND, args, async (given, signal) => lend(joinOptionsOf(given), signal))
  : await runCommand(COMMAND, args, async (given, signal) => {
      const commandLine = commandLineOf(given);
      return commandLine.calibrate ? measureItself(commandLine.jsonFile, signal) : run(commandLine, signal);
    });

/** Lends this machine to a run that another one coordinates. */
async function lend(options: JoinOptions, signal: AbortSignal): Promise<number> {
  const joined = () => console.log(`Joined ${options.host}:${options.port} with ${options.processes} processes`);
  await joinRun(options, joined, signal);
  console.log('The run is over');
  return signal.aborted ? EXIT_INTERRUPTED : 0;
}

/** Drives the load test itself to its limit. */
async function measureItself(jsonFile: string | null, signal: AbortSignal): Promise<number> {
  if (jsonFile) await assertWritable('--json', jsonFile);
  const { findWorker } = await import('../../scripts/lib/worker.mjs');
  const { calibrate, FULL_SIZE } = await import('./calibrate/calibrate.ts');
  const results = await calibrate(await findWorker({ signal }), { size: FULL_SIZE, signal, onStep: console.log });
  console.log(`\n${formatCalibration(results)}`);
  if (jsonFile) await writeFile(jsonFile, `${JSON.stringify({ environment: readEnvironment(), results }, null, 2)}\n`);
  return 0;
}

async function run(commandLine: CommandLine, signal: AbortSignal): Promise<number> {
  const { options, assertions, jsonFile, htmlFile, key } = commandLine;
  if (jsonFile) await assertWritable('--json', jsonFile);
  if (htmlFile) await assertWritable('--html', htmlFile);
  const interruption = new AbortController();
  signal.addEventListener('abort', () => interruption.abort('interrupted'));
  const terminal = process.stdout.isTTY ? new Terminal(process.stdout) : null;
  const onProgress = terminal ? drawOn(terminal) : createPrinter();
  const hooks = { signal: interruption.signal, key, onNotice: console.log, onProgress };
  try {
    const report = await runLoadTest(options, hooks).finally(() => terminal?.end());
    console.log(formatTable(report));
    if (jsonFile) await writeFile(jsonFile, `${JSON.stringify(report, null, 2)}\n`);
    if (htmlFile) await writeFile(htmlFile, formatHtml(report));
    if (signal.aborted) return EXIT_INTERRUPTED;
    const broken = failedAssertions(assertions, report);
    for (const line of broken) console.error(line);
    return isSuccess(report) && broken.length === 0 ? 0 : EXIT_FAILED;
  } catch (error) {
    if (error instanceof RefusedHostError) throw new UsageError(error.message, { cause: error });
    if (!(error instanceof Failure) || signal.aborted) throw error;
    const detail = error.cause instanceof Error ? ` (${error.cause.message})` : '';
    console.error(`The rooms could not be set up: ${error.reason}${detail}`);
    return EXIT_FAILED;
  }
}

/** Checks the file before the run, and not after it. @throws {UsageError} */
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
