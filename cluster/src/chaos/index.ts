import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { FAULTS } from './faults.ts';
import { runChaos } from './runChaos.ts';

const NAMES = FAULTS.map(({ name }) => name);
const HELP = `npm run chaos -- [options]

Breaks a cluster on this machine in every way that it has to bear, under listeners, and measures the gap that they hear.

  --only FAULTS     of ${NAMES.join(',')}; default: all
  --listeners N     who listen meanwhile; default: 30
  --nodes N         default: 3
  --port N          of the front, the nodes have those after it; default: 3100
  --json FILE       writes the gaps there
  --help            this

Ends with 1 when a promise was not kept.`;

process.exit(await main());

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      listeners: { type: 'string', default: '30' },
      nodes: { type: 'string', default: '3' },
      port: { type: 'string', default: '3100' },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const faults = values.only?.split(',') ?? NAMES;
  const unknown = faults.filter((name) => !NAMES.includes(name));
  if (unknown.length > 0) {
    console.error(`--only has no ${unknown.join(', ')}: ${NAMES.join(', ')}`);
    return 2;
  }
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort());
  const [listeners, nodes, port] = [Number(values.listeners), Number(values.nodes), Number(values.port)];
  const results = await runChaos(
    { faults, listeners, nodes, port },
    ({ fault, promiseMs, gapP95Ms, gapMaxMs, kept, error }) =>
      console.log(
        `${kept ? 'kept  ' : 'BROKEN'} ${fault.padEnd(36)} promised ${promiseMs ?? '?'} ms, gap p95 ${gapP95Ms ?? '?'} ms, max ${gapMaxMs ?? '?'} ms${error ? `: ${error}` : ''}`,
      ),
    stopping.signal,
  );
  if (values.json) await writeFile(values.json, `${JSON.stringify(results, null, 2)}\n`);
  if (stopping.signal.aborted) return 130;
  return results.every(({ kept }) => kept) ? 0 : 1;
}
