import { writeFile } from 'node:fs/promises';
import { readCommandLine, UsageError } from '../options.ts';
import { FAULTS } from './faults.ts';
import { runChaos, type ChaosResult } from './runChaos.ts';

const NAMES = FAULTS.map(({ name }) => name);
const HELP = `npm run chaos -- [options]

Breaks a cluster on this machine in every way that it has to bear, under listeners, and measures the gap that they hear: a few
minutes in all.

  --only FAULTS     of ${NAMES.join(', ')}; default: all
  --listeners N     who listen meanwhile; default: 30
  --nodes N         default: 3
  --port N          of the address that people open, the nodes have those after it; default: 3100
  --json FILE       writes the gaps there
  --help            this

Ends with 1 when a promise was not kept.`;

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort());

process.exit(await main(process.argv.slice(2)).catch(explain));

async function main(args: readonly string[]): Promise<number> {
  const { values, numbers } = readCommandLine(
    args,
    { listeners: 30, nodes: 3, port: 3100 },
    { only: { type: 'string' }, json: { type: 'string' } },
  );
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const faults = typeof values.only === 'string' ? values.only.split(',') : NAMES;
  const unknown = faults.filter((name) => !NAMES.includes(name));
  if (unknown.length > 0) throw new UsageError(`--only has no ${unknown.join(', ')}: ${NAMES.join(', ')}`);
  console.log(`${numbers.nodes} nodes, ${numbers.listeners} listeners; longest time without a packet, in ms`);
  const results = await runChaos({ ...numbers, faults }, (result) => console.log(format(result)), stopping.signal);
  if (typeof values.json === 'string') await writeFile(values.json, `${JSON.stringify(results, null, 2)}\n`);
  if (stopping.signal.aborted) return 130;
  return results.every(({ kept }) => kept) ? 0 : 1;
}

function format({ fault, promiseMs, gapP95Ms, gapMaxMs, kept, error }: ChaosResult): string {
  const cells = [
    kept ? 'kept  ' : 'BROKEN',
    fault.padEnd(36),
    `promised ${String(promiseMs ?? '?').padStart(4)}`,
    `p95 ${String(gapP95Ms ?? '?').padStart(5)}`,
    `max ${String(gapMaxMs ?? '?').padStart(5)}`,
  ];
  return `${cells.join('  ')}${error ? `\n       ${error}` : ''}`;
}

function explain(error: unknown): number {
  if (stopping.signal.aborted) return 130;
  console.error(error instanceof UsageError ? `${error.message}\n\nSee: npm run chaos -- --help` : error);
  return error instanceof UsageError ? 2 : 1;
}
