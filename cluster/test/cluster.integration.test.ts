import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { runChaos } from '../src/chaos/runChaos.ts';
import { Cluster } from '../src/Cluster.ts';

const ENTRY = new URL('../src/index.ts', import.meta.url).pathname;

it('npm run cluster starts nodes behind one address, says what they are, and ends them all', async () => {
  const child = spawn(process.execPath, [ENTRY, '--nodes', '2', '--port', '3500'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  await expect.poll(() => lines.join('\n'), { timeout: 20_000 }).toMatch(/n1 +running[^]*n2 +running/);
  expect(lines).toContain('Tribune is live at http://localhost:3500');
  await expect(fetch('http://localhost:3500/api/rooms').then(async (it) => it.json())).resolves.toEqual({ rooms: [] });
  child.kill('SIGINT');
  expect(await exited).toEqual([0, null]);
  for (const port of [3501, 3502])
    await expect(fetch(`http://localhost:${port}/livez`)).rejects.toThrow('fetch failed');
});

it('a node that is added is known to the others, and one that is drained is not', async () => {
  const cluster = await Cluster.create({ nodes: 1, port: 3510, env: { DRAIN_S: '1' } });
  try {
    const known = async () => (await cluster.view()).map((view) => view?.nodes.map(({ id }) => id).toSorted());
    await cluster.add();
    await expect.poll(known, { timeout: 5000 }).toEqual([
      ['n1', 'n2'],
      ['n1', 'n2'],
    ]);
    await cluster.nodes[0]!.drain();
    expect(cluster.nodes[0]!.state).toBe('stopped');
    await expect.poll(known, { timeout: 5000 }).toEqual([undefined, ['n2']]);
  } finally {
    await cluster.close();
  }
});

it('npm run chaos breaks a cluster, and measures what those who listen notice', async () => {
  const told: string[] = [];
  const results = await runChaos(
    { faults: ['redis-flushed'], nodes: 2, listeners: 4, port: 3520 },
    ({ fault }) => told.push(fault),
    new AbortController().signal,
  );
  expect(results).toEqual([
    {
      fault: 'redis-flushed',
      promiseMs: 200,
      gapP95Ms: expect.any(Number),
      gapMaxMs: expect.any(Number),
      kept: true,
      error: null,
    },
  ]);
  expect(results[0]!.gapMaxMs).toBeGreaterThan(50);
  expect(told).toEqual(['redis-flushed']);
}, 60_000);
