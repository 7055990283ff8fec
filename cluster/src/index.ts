import { emitKeypressEvents } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster } from './Cluster.ts';
import type { ClusterProcess } from './ClusterProcess.ts';
import { readCommandLine, UsageError } from './options.ts';
import { formatCluster } from './view.ts';

const HELP = `npm run cluster -- [options]

Starts several nodes on this machine, with one Redis and one address, to play with.

  --nodes N   default: 3; at most 9
  --port N    of the address that people open, the nodes have those after it; default: 3000
  --help      this

In a terminal: 1 to 9 choose a node, k kills it, p pauses it or lets it go on, d drains it, s starts it again, a adds a node, q ends.`;
const KEYS = '  1–9 choose   k kill   p pause / go on   d drain   s start   a add a node   q quit';
const REFRESH_MS = 1000;
const CLEAR = '\x1b[H\x1b[J';

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort());

process.exit(await main(process.argv.slice(2)).catch(explain));

async function main(args: readonly string[]): Promise<number> {
  const { values, numbers } = readCommandLine(args, { nodes: 3, port: 3000 });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  console.log(`Starting ${numbers.nodes} nodes …`);
  const cluster = await Cluster.create(numbers, stopping.signal);
  try {
    console.log(`Tribune is live at ${cluster.origin}`);
    await (process.stdin.isTTY && process.stdout.isTTY ? play(cluster) : report(cluster));
    console.log('Stopping …');
  } finally {
    await cluster.close();
  }
  return 0;
}

/** A screen that is drawn anew each second, and keys. */
async function play(cluster: Cluster): Promise<void> {
  let selected = cluster.nodes[0]!;
  let message = '';
  emitKeypressEvents(process.stdin);
  process.stdin.setRawMode(true);
  process.stdin.on('keypress', (text: string | undefined, key: { name?: string; ctrl?: boolean }) => {
    if (key.name === 'q' || (key.ctrl && key.name === 'c')) return stopping.abort();
    const chosen = cluster.nodes[Number(text) - 1];
    if (chosen) selected = chosen;
    act(cluster, selected, text).catch((error: unknown) => {
      message = error instanceof Error ? error.message : String(error);
    });
    void draw();
  });
  const draw = async () => {
    const lines = await describe(cluster, selected.id);
    if (!stopping.signal.aborted)
      process.stdout.write(
        `${CLEAR}${[`  Tribune is live at ${cluster.origin}`, '', ...lines, '', KEYS, message].join('\n')}\n`,
      );
  };
  await untilStopped(draw);
  process.stdin.setRawMode(false);
  process.stdin.pause();
}

async function act(cluster: Cluster, node: ClusterProcess, key: string | undefined): Promise<void> {
  switch (key) {
    case 'k':
      return node.kill();
    case 'p':
      return node.state === 'paused' ? node.resume() : node.pause();
    case 'd':
      return node.drain();
    case 's':
      return node.start();
    case 'a':
      await cluster.add();
      return;
    default:
  }
}

/** For a log: everything whenever it changes. */
async function report(cluster: Cluster): Promise<void> {
  let before = '';
  await untilStopped(async () => {
    const text = (await describe(cluster, null)).join('\n');
    if (text !== before) console.log(text);
    before = text;
  });
}

async function untilStopped(work: () => Promise<void>): Promise<void> {
  const { signal } = stopping;
  while (!signal.aborted) {
    await work();
    await sleep(REFRESH_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function describe(cluster: Cluster, selected: string | null): Promise<string[]> {
  const views = await cluster.view();
  const lines = cluster.nodes.map(({ id, origin, state }, index) => ({
    id,
    origin,
    state,
    view: views[index] ?? null,
  }));
  return formatCluster(lines, selected);
}

function explain(error: unknown): number {
  if (stopping.signal.aborted) return 130;
  console.error(error instanceof UsageError ? `${error.message}\n\nSee: npm run cluster -- --help` : error);
  return error instanceof UsageError ? 2 : 1;
}
