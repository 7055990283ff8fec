import { writeFile } from 'node:fs/promises';
import {
  defineCommand,
  EXIT_FAILED,
  EXIT_INTERRUPTED,
  listOf,
  runCommand,
  text,
  whole,
  type OptionValues,
} from '@tribune/cli';
import { BusyCores } from './BusyCores.ts';
import { MAX_NODES } from './cluster/Cluster.ts';
import { FAULT_NAMES, FAULTS } from './faults/index.ts';
import { formatResult, formatWorst, toMarkdown } from './report.ts';
import { runChaos } from './runChaos.ts';

const options = {
  only: {
    value: 'FAULTS',
    parse: listOf(FAULT_NAMES),
    default: FAULT_NAMES,
    defaultText: 'all',
    help: `some of ${FAULT_NAMES.join(', ')}`,
  },
  repeat: {
    value: 'N',
    parse: whole(1, 100),
    default: 1,
    help: 'runs of each fault; a promise that one of them breaks is broken',
  },
  busy: { help: 'keep every core busy meanwhile, since races show then' },
  listeners: { value: 'N', parse: whole(3, 2000), default: 30, help: 'people who listen meanwhile' },
  nodes: { value: 'N', parse: whole(2, MAX_NODES), default: 3, help: 'nodes of the cluster' },
  port: {
    value: 'N',
    parse: whole(1024, 65_000),
    default: 3100,
    help: 'port of the cluster; its nodes have the ports after it',
  },
  json: { value: 'FILE', parse: text(), help: 'write the results there' },
  markdown: { value: 'FILE', parse: text(), help: 'write them there as a table' },
} as const;

const command = defineCommand({
  name: 'npm run chaos --',
  description:
    'Breaks a cluster on this machine in every way that it has to bear, under listeners and people who act, and measures what they notice.',
  options,
  notes: 'Exit code: 1 when a promise was broken. Ctrl-C ends it with what was measured so far.',
});

process.exit(await runCommand(command, process.argv.slice(2), main));

async function main(
  { only, json, markdown, busy, ...numbers }: OptionValues<typeof options>,
  signal: AbortSignal,
): Promise<number> {
  const wanted = FAULTS.filter(({ name }) => only.includes(name));
  const isRoot = process.getuid?.() === 0;
  const faults = wanted.filter(({ needsRoot }) => isRoot || !needsRoot);
  for (const { name } of wanted.filter((fault) => !faults.includes(fault)))
    console.log(`left out  ${name}: only root can bring it about`);
  const { nodes, listeners, repeat } = numbers;
  console.log(
    `${nodes} nodes, ${listeners} listeners${busy ? ', every core kept busy' : ''}; longest time without sound, in ms`,
  );
  const cores = busy ? new BusyCores() : null;
  try {
    const results = await runChaos(
      { ...numbers, faults },
      ({ name }, number, run) => {
        if (repeat > 1) console.log(`${name}, run ${number} of ${repeat}`);
        for (const result of run.results) console.log(formatResult(result));
        if (run.results.some(({ kept }) => !kept)) for (const note of run.notes) console.log(`        ${note}`);
      },
      signal,
    );
    if (repeat > 1 && results.length > 0)
      console.log(['', `The worst of all runs:`, ...results.map(formatWorst)].join('\n'));
    if (json !== undefined) await writeFile(json, `${JSON.stringify(results, null, 2)}\n`);
    if (markdown !== undefined) await writeFile(markdown, toMarkdown(results));
    if (signal.aborted) return EXIT_INTERRUPTED;
    return results.every(({ kept }) => kept) ? 0 : EXIT_FAILED;
  } finally {
    cores?.close();
  }
}
