import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const ENTRY = new URL('../src/index.ts', import.meta.url).pathname;
const run = promisify(execFile);

it('prints a report of a small audience with a failure, and writes it as JSON and as a page', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'tribune-simulate-'));
  try {
    const [json, html] = [join(dir, 'report.json'), join(dir, 'report.html')];
    const size = ['--listeners', '2000', '--span', '30', '--nodes', '2', '--fail', '2@40'];
    const { stdout } = await run(process.execPath, [ENTRY, ...size, '--json', json, '--html', html]);
    for (const line of [
      'everyone is in',
      'longest wait',
      'full first',
      'nodes for p95 under 3 s',
      'recovery',
      'Gbit/s',
    ])
      expect(stdout).toContain(line);
    const report = JSON.parse(await readFile(json, 'utf8'));
    expect(report.counts).toEqual({ arrived: 2000, waiting: 0, listening: 2000, left: 0, failed: 0 });
    // Half of the people were on that node, as nearly as two nodes drawn at random spread them.
    expect(Math.abs(report.recovery.people - 1000)).toBeLessThan(50);
    expect(report.queue).toBeNull();
    const page = await readFile(html, 'utf8');
    expect(page).toContain('node 2 fails');
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});

it('tells of the queue where every node is full', async () => {
  const size = ['--listeners', '500', '--span', '30', '--capacity', '200', '--leave', '40'];
  const { stdout } = await run(process.execPath, [ENTRY, ...size]);
  expect(stdout).toMatch(
    /queue +longest \d+ at [\d.]+ s, \d+ let in after p50 [\d.]+ s, p95 [\d.]+ s, 0 in it at the end/,
  );
});

it('says what is wrong with its options, and exits with 2', async () => {
  await expect(run(process.execPath, [ENTRY, '--nodes', 'many'])).rejects.toMatchObject({ code: 2 });
});
