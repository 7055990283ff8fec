import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { root } from './lib/paths.mjs';

const LIVE = /^Tribune is live at http:\/\/localhost:(\d+)$/m;

let folder;
let environment;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tribune-start-test-'));
  await writeFile(join(folder, 'index.html'), '<p>The page</p>');
  const own = { PORT: '0', MEDIA_PORT: '0', WORKERS: '1', WEB_DIR: folder, DATA_DIR: join(folder, 'data') };
  const { REDIS_URL: _unused, ...inherited } = process.env;
  environment = { ...inherited, ...own, TMPDIR: folder };
});
afterEach(async () => {
  for (const pid of await processesWith(folder)) process.kill(pid, 'SIGKILL');
  await rm(folder, { recursive: true });
});

/** Runs `npm start`'s script, as the terminal would: in a process group of its own. */
function start(overrides = {}, args = []) {
  const child = spawn(process.execPath, [join(root, 'scripts', 'start.mjs'), ...args], {
    env: { ...environment, ...overrides },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
  const ended = once(child, 'exit').then(([code]) => code);
  const live = () => vi.waitFor(() => LIVE.exec(output)?.[1] ?? Promise.reject(new Error(output)), 20_000);
  return { child, ended, live, output: () => output };
}

/** Every process whose environment has this text: what start has started, and what those have. */
async function processesWith(text) {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const environ = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
      return environ.includes(text) ? Number(pid) : undefined;
    }),
  );
  return found.filter((pid) => pid !== undefined);
}

describe('npm start', { timeout: 60_000 }, () => {
  test.each([
    ['--help', 0],
    ['--port=80', 2],
  ])('%s: says what can be set, and starts nothing', async (arg, code) => {
    const told = start({}, [arg]);
    expect(await told.ended).toBe(code);
    expect(told.output()).toContain('PORT=8080');
  });

  test('ends its output with the address, which serves the page', async () => {
    const tribune = start();
    const port = await tribune.live();
    expect(tribune.output().trimEnd().split('\n').at(-1)).toMatch(LIVE);
    expect(await (await fetch(`http://localhost:${port}/`)).text()).toContain('The page');
    tribune.child.kill('SIGINT');
    expect(await tribune.ended).toBe(0);
  });

  test.each([
    [
      'a Ctrl-C, which the whole group gets and npm passes on',
      (pid) => [-pid, pid].forEach((to) => process.kill(to, 'SIGINT')),
    ],
    ['a SIGTERM', (pid) => process.kill(pid, 'SIGTERM')],
    ['a terminal that is closed', (pid) => process.kill(-pid, 'SIGHUP')],
  ])('leaves no process after %s', async (_name, stop) => {
    const tribune = start();
    await tribune.live();
    expect((await processesWith(folder)).length).toBeGreaterThan(2);
    stop(tribune.child.pid);
    expect(await tribune.ended).toBe(0);
    expect(await processesWith(folder)).toEqual([]);
  });

  test('leaves no process after it was killed', async () => {
    const tribune = start();
    await tribune.live();
    tribune.child.kill('SIGKILL');
    await vi.waitFor(async () => expect(await processesWith(folder)).toEqual([]), 10_000);
  });

  test('says that the port is taken, and leaves nothing running', async () => {
    const other = createServer().listen(0);
    await once(other, 'listening');
    const { port } = other.address();
    const tribune = start({ PORT: `${port}` });
    expect(await tribune.ended).toBe(1);
    other.close();
    expect(tribune.output()).toContain(`Port ${port} is in use`);
    expect(tribune.output()).not.toMatch(LIVE);
    expect(await processesWith(folder)).toEqual([]);
  });

  test('ends when the server does, with its code', async () => {
    const tribune = start({ WORKERS: 'many' });
    expect(await tribune.ended).toBe(1);
    expect(tribune.output()).toContain('WORKERS');
    expect(await processesWith(folder)).toEqual([]);
  });
});
