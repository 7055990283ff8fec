import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestServer } from '@tribune/server/test/support/TestServer.ts';

/** The commands as people and pipelines run them. */

const fileOf = (name: string) => fileURLToPath(new URL(`../src/${name}`, import.meta.url));

let server: TestServer;
let dir: string;

beforeEach(async () => {
  server = await TestServer.create();
  dir = await mkdtemp(join(tmpdir(), 'tribune-loadtest-'));
});

afterEach(async () => {
  await server.close();
  await rm(dir, { recursive: true, force: true });
});

interface Ended {
  readonly code: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(script: string, ...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [fileOf(script), ...args], (error, stdout, stderr) =>
      resolve({ code: error ? error.code : 0, stdout, stderr }),
    );
  });
}

/** A run of many seconds, at the point where people arrive. */
async function startArriving(...args: string[]): Promise<ChildProcess> {
  const options = ['--url', server.origin, '--listeners', '200', '--rate', '5', '--processes', '2', ...args];
  const child = spawn(process.execPath, [fileOf('index.ts'), ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((resolve) => {
    child.stdout.on('data', (text: Buffer) => text.includes('arriving') && resolve());
  });
  return child;
}

describe('npm run loadtest', () => {
  it('writes its report as JSON and as a page, and names the demand that does not hold', async () => {
    const [json, html] = [join(dir, 'a.json'), join(dir, 'a.html')];
    const small = ['--url', server.origin, '--listeners', '5', '--duration', '2'];
    const demands = ['--assert', 'listeners.joined==5', '--assert', 'ttfaMs.p50<0'];
    const { code, stdout, stderr } = await run('index.ts', ...small, ...demands, '--json', json, '--html', html);
    expect(code).toBe(1);
    expect(stdout).toMatch(/listeners +5 of 5 joined/);
    expect(stderr).toMatch(/^ttfaMs\.p50<0 does not hold: ttfaMs\.p50 is [\d.]+$/m);
    expect(stderr).not.toContain('listeners.joined');
    expect(await readFile(html, 'utf8')).toContain('</html>');

    const compared = await run('compare.ts', json, json);
    expect(compared.code).toBe(0);
    expect(compared.stdout).toMatch(/time to first audio p95 .* × 1\.00/);
  });

  it('is ended by Ctrl-C, and reports what it has', async () => {
    const json = join(dir, 'a.json');
    const child = await startArriving('--json', json);
    const ended = new Promise((resolve) => child.on('exit', resolve));
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(JSON.parse(await readFile(json, 'utf8'))).toMatchObject({ interrupted: 'interrupted' });
  });

  it('leaves no process behind, even when it is killed', async () => {
    const child = await startArriving();
    const pids = execFileSync('ps', ['-o', 'pid=', '--ppid', String(child.pid)], { encoding: 'utf8' })
      .trim()
      .split(/\s+/)
      .map(Number);
    expect(pids).toHaveLength(2);
    child.kill('SIGKILL');
    await expect.poll(() => pids.filter(isAlive), { timeout: 10_000 }).toEqual([]);
  });
});

describe('npm run loadtest:compare', () => {
  it('wants two reports', async () => {
    expect((await run('compare.ts', 'a.json')).code).toBe(2);
    expect((await run('compare.ts', 'none.json', 'none.json')).code).toBe(2);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
