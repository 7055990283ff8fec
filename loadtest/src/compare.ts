import { readFile } from 'node:fs/promises';
import { compareReports } from './report/compareReports.ts';

const EXIT_USAGE = 2;

const files = process.argv.slice(2);
try {
  if (files.length !== 2) throw new Error('Two files are compared: npm run loadtest:compare -- A.json B.json');
  const [a, b] = await Promise.all(files.map(readReport));
  console.log(compareReports(a!, b!));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = EXIT_USAGE;
}

async function readReport(file: string): Promise<Record<string, unknown>> {
  const report: unknown = JSON.parse(await readFile(file, 'utf8'));
  const isReport = typeof report === 'object' && report !== null && 'listeners' in report;
  if (!isReport) throw new Error(`${file} is no report of the load test`);
  return { ...report };
}
