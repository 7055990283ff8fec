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
    expect(report.counts).toEqual({ arrived: 2000, waiting: 0, listening: 2000, failed: 0 });
    expect(report.recovery.people).toBe(1000);
    const page = await readFile(html, 'utf8');
    expect(page).toContain('node 2 fails');
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});

it('says what is wrong with its options, and exits with 2', async () => {
  await expect(run(process.execPath, [ENTRY, '--nodes', 'many'])).rejects.toMatchObject({ code: 2 });
});
