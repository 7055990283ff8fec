import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { EXIT_FAILED, runCommand } from '@tribune/cli';
import { benchOptionsOf, COMMAND, SECTIONS, type BenchOptions } from './options.ts';
import { buildReport, fileNameOf } from './report.ts';
import { runBench } from './runBench.ts';
import { formatTable } from './table.ts';

const RESULTS = new URL('../results/', import.meta.url).pathname;

process.exit(
  await runCommand(COMMAND, process.argv.slice(2), async (values, signal) => run(benchOptionsOf(values), signal)),
);

async function run({ size, sections, jsonFile }: BenchOptions, signal: AbortSignal): Promise<number> {
  const startedMs = performance.now();
  const elapsed = () => `${((performance.now() - startedMs) / 1000).toFixed(0).padStart(4)} s`;
  let faults = 0;
  const result = await runBench(size, sections, signal, {
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
