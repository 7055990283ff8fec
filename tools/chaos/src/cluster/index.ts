import { defineCommand, runCommand, whole } from '@tribune/cli';
import { emitKeypressEvents } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, MAX_NODES } from './Cluster.ts';
import type { ClusterProcess } from './ClusterProcess.ts';
import { formatCluster } from './view.ts';

const command = defineCommand({
  name: 'npm run cluster --',
  description: 'Starts several nodes on this machine, with one Redis and one address, to play with.',
  options: {
    nodes: { value: 'N', parse: whole(1, MAX_NODES), default: 3, help: 'nodes to begin with' },
    port: {
      value: 'N',
      parse: whole(1024, 65_000),
      default: 3000,
      help: 'port that people open; the nodes have the ports after it',
    },
  },
  notes:
    'In a terminal: 1 to 9 choose a node, k kills it, p pauses it or lets it go on, d drains it, s starts it again, a adds a node, q ends.',
});
const KEYS = '  1–9 choose   k kill   p pause / go on   d drain   s start   a add a node   q quit';
const REFRESH_MS = 1000;
const CLEAR = '\x1b[H\x1b[J';

process.exit(await runCommand(command, process.argv.slice(2), main));

async function main(options: { readonly nodes: number; readonly port: number }, signal: AbortSignal): Promise<number> {
  console.log(`Starting ${options.nodes} nodes …`);
  const cluster = await Cluster.create(options, signal);
  try {
    console.log(`Tribune is live at ${cluster.origin}`);
    await (process.stdin.isTTY && process.stdout.isTTY ? play(cluster, signal) : report(cluster, signal));
    console.log('Stopping …');
  } finally {
    await cluster.close();
  }
  return 0;
}

/** Draws the cluster on the whole screen each second, and acts on keys. */
async function play(cluster: Cluster, signal: AbortSignal): Promise<void> {
  const quit = new AbortController();
  const stopping = AbortSignal.any([signal, quit.signal]);
  let selected = cluster.nodes[0]!;
  let message = '';
  emitKeypressEvents(process.stdin);
  process.stdin.setRawMode(true);
  process.stdin.on('keypress', (text: string | undefined, key: { name?: string; ctrl?: boolean }) => {
    if (key.name === 'q' || (key.ctrl && key.name === 'c')) return quit.abort();
    const chosen = cluster.nodes[Number(text) - 1];
    if (chosen) selected = chosen;
    act(cluster, selected, text).catch((error: unknown) => {
      message = error instanceof Error ? error.message : String(error);
    });
    void draw();
  });
  const draw = async () => {
    const lines = await describe(cluster, selected.id);
    if (!stopping.aborted)
      process.stdout.write(
        `${CLEAR}${[`  Tribune is live at ${cluster.origin}`, '', ...lines, '', KEYS, message].join('\n')}\n`,
      );
  };
  await everySecond(draw, stopping);
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

/** Prints the cluster whenever it has changed. */
async function report(cluster: Cluster, signal: AbortSignal): Promise<void> {
  let before = '';
  await everySecond(async () => {
    const text = (await describe(cluster, null)).join('\n');
    if (text !== before) console.log(text);
    before = text;
  }, signal);
}

async function everySecond(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
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
