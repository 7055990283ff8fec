import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServerProcess } from '../src/ServerProcess.ts';

const ENTRY = fileURLToPath(new URL('exampleServer.mjs', import.meta.url));

describe('a server in a process of its own', () => {
  let dir: string;
  let pidsFile: string;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'tribune-process-'));
    pidsFile = join(dir, 'pids');
  });

  afterEach(async () => {
    for (const pid of runningPids()) process.kill(pid, 'SIGKILL');
    await rm(dir, { recursive: true, force: true });
  });

  async function start(behaviour: string, options: { startLimitMs?: number; signal?: AbortSignal } = {}) {
    return ServerProcess.start({ entry: ENTRY, env: { BEHAVIOUR: behaviour, PIDS_FILE: pidsFile }, ...options });
  }

  /** Of the process and its child, those that have not ended. */
  function runningPids(): number[] {
    if (!existsSync(pidsFile)) return [];
    return readFileSync(pidsFile, 'utf8').trim().split('\n').map(Number).filter(isRunning);
  }

  async function untilRunning(count: number): Promise<void> {
    await expect.poll(() => runningPids().length).toBe(count);
  }

  it('has started when it says that it is ready, and tells its port', async () => {
    const server = await start('good');
    expect(server).toMatchObject({ port: 4711, isRunning: true });
    await server.stop();
    expect(server.isRunning).toBe(false);
    await untilRunning(0);
  });

  it('is not left running, and neither is what it started, when it is not ready in time', async () => {
    await expect(start('silent', { startLimitMs: 1000 })).rejects.toThrow(/not ready within 1000 ms\nbehaves: silent/);
    expect(readFileSync(pidsFile, 'utf8').trim().split('\n')).toHaveLength(2);
    await untilRunning(0);
  });

  it('is not left running when its start is given up', async () => {
    const interruption = new AbortController();
    const started = start('silent', { signal: interruption.signal });
    started.catch(() => undefined);
    await untilRunning(2);
    interruption.abort(new Error('Ctrl-C'));
    await expect(started).rejects.toThrow('Ctrl-C');
    await untilRunning(0);
  });

  it('fails with its exit code and what it printed when it ends while it starts', async () => {
    await expect(start('broken')).rejects.toThrow(/ended with 3 while it started\nbehaves: broken/);
  });

  it('is killed with all that it started when it does not stop in time', async () => {
    const server = await start('stubborn');
    await server.stop('SIGTERM', 200);
    expect(await server.exited).toBe('SIGKILL');
    await untilRunning(0);
  });

  it('can be stopped while it stands still', async () => {
    const server = await start('good');
    server.signalAll('SIGSTOP');
    await server.stop();
    expect(await server.exited).toBe(0);
    await untilRunning(0);
  });
});

/** A process that has ended and that nobody has waited for is a zombie, and does not run. */
function isRunning(pid: number): boolean {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return false;
  const stat = readFileSync(file, 'utf8');
  return !stat.slice(stat.lastIndexOf(')')).startsWith(') Z');
}
