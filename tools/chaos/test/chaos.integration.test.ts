import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { ChaosRoom, encodeSpeeches } from '../src/ChaosRoom.ts';
import { Cluster } from '../src/cluster/Cluster.ts';
import { FAULTS } from '../src/faults/index.ts';
import { runChaos } from '../src/runChaos.ts';

const ENTRY = new URL('../src/cluster/index.ts', import.meta.url).pathname;

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

it('npm run chaos breaks a cluster, and measures what people notice', async () => {
  const told: string[] = [];
  const faults = FAULTS.filter(({ name }) => name === 'redis-flushed');
  const results = await runChaos(
    { faults, repeat: 1, nodes: 2, listeners: 4, port: 3520 },
    ({ name }, number, { notes }) => told.push(`${name} ${number}`, ...notes),
    new AbortController().signal,
  );
  const common = { gapP95Ms: expect.any(Number), gapMaxMs: expect.any(Number), holdsFor: 'all', runs: 1 };
  expect(results, told.join('\n')).toMatchObject([
    { ...common, fault: 'redis-flushed', promiseMs: 200, kept: true, broken: 0, error: null },
    { ...common, fault: 'redis-flushed, requests meanwhile', promiseMs: 5000, kept: true, broken: 0, error: null },
  ]);
  expect(results[0]!.gapMaxMs).toBeGreaterThan(50);
  expect(told[0]).toBe('redis-flushed 1');
}, 90_000);

it('a listener of npm run chaos hears nothing while nobody talks, whatever packets come', async () => {
  const cluster = await Cluster.create({ nodes: 1, port: 3530 });
  const room = await ChaosRoom.create({ origin: cluster.origin, speeches: await encodeSpeeches(), listeners: 1 });
  try {
    const probe = room.probes[0]!;
    await expect.poll(() => probe.soundMs, { timeout: 5000 }).toBeGreaterThan(1200);
    await room.host.setMuted(true);
    // The voice is still named for 240 ms, and the mix goes on with a packet each 400 ms.
    await expect.poll(() => probe.gapMs, { timeout: 5000 }).toBeGreaterThan(1500);
    await room.host.setMuted(false);
    probe.begin();
    await expect.poll(() => probe.gapMs, { timeout: 5000 }).toBeLessThan(200);
  } finally {
    await room.close();
    await cluster.close();
  }
}, 60_000);
