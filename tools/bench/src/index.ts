import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { HELP, parseCommandLine, SECTIONS, UsageError, type BenchOptions } from './options.ts';
import { buildReport, fileNameOf } from './report.ts';
import { runBench } from './runBench.ts';
import { formatTable } from './table.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
const EXIT_INTERRUPTED = 130;
const RESULTS = new URL('../results/', import.meta.url).pathname;

const interruption = new AbortController();
// Further ones change nothing: a Ctrl-C under npm arrives twice.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interruption.abort());

process.exit(await main(process.argv.slice(2)).catch(explain));

async function main(args: readonly string[]): Promise<number> {
  const options = parseCommandLine(args);
  if (!options) {
    console.log(HELP);
    return 0;
  }
  return run(options);
}

async function run({ size, sections, jsonFile }: BenchOptions): Promise<number> {
  const startedMs = performance.now();
  const elapsed = () => `${((performance.now() - startedMs) / 1000).toFixed(0).padStart(4)} s`;
  let faults = 0;
  const result = await runBench(size, sections, interruption.signal, {
    onSection: (section) => console.log(`${elapsed()}  measuring: ${section}`),
    onFault: (section, error) => {
      faults += 1;
      console.error(
        `${elapsed()}  ${section} could not be measured: ${error instanceof Error ? error.message : String(error)}`,
      );
    },
  });
  const report = buildReport(result);
  console.log(`${elapsed()}  done\n\n${formatTable(report)}`);
  const isComplete = faults === 0 && sections.length === SECTIONS.length;
  const file = jsonFile ? resolve(jsonFile) : isComplete ? join(RESULTS, fileNameOf(report)) : null;
  if (file) {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
    console.log(`\nWritten to ${file}`);
  }
  return faults === 0 ? 0 : EXIT_FAILED;
}

function explain(error: unknown): number {
  if (interruption.signal.aborted) return EXIT_INTERRUPTED;
  if (error instanceof UsageError) {
    console.error(`${error.message}\n\nSee: npm run bench -- --help`);
    return EXIT_USAGE;
  }
  console.error(error);
  return EXIT_FAILED;
}
