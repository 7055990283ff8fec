import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { startRedis } from './redis.mjs';

let dir;
const started = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tribune-redis-test-'));
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((redis) => redis.stop()));
  await rm(dir, { recursive: true });
});

async function start(options) {
  const redis = await startRedis(options);
  started.push(redis);
  return redis;
}

/** What the server behind a socket answers to one command. */
async function ask(url, command) {
  const socket = connect(url, () => socket.write(`${command}\r\n`));
  const [reply] = await once(socket, 'data');
  socket.destroy();
  return reply.toString();
}

describe('the own Redis', () => {
  test('keeps what it holds over a restart', async () => {
    const first = await start({ dir, persist: true });
    await ask(first.url, 'SET room open');
    await first.stop();
    const second = await start({ dir, persist: true });
    expect(await ask(second.url, 'GET room')).toContain('open');
  });

  test('keeps nothing when it need not', async () => {
    const redis = await start({ dir });
    await ask(redis.url, 'SET room open');
    expect(await readdir(dir)).toEqual([]);
  });

  test('listens on no port, and on a socket that only this user may use', async () => {
    const { url } = await start();
    expect(await ask(url, 'INFO server')).toContain('tcp_port:0');
    expect((await stat(dirname(url))).mode & 0o077).toBe(0);
  });

  test('refuses data that another one uses, who goes on', async () => {
    const first = await start({ dir, persist: true });
    await expect(start({ dir, persist: true })).rejects.toThrow('in use by another Tribune');
    expect(await ask(first.url, 'PING')).toContain('PONG');
  });

  test('leaves no process and no file behind when it is stopped', async () => {
    const redis = await start({ dir });
    await redis.stop();
    await expect(redis.exited).resolves.toEqual(expect.any(String));
    expect(existsSync(dirname(redis.url))).toBe(false);
    await redis.stop();
  });

  test('is not started for someone who has given up', async () => {
    await expect(startRedis({ dir, persist: true, signal: AbortSignal.abort(new Error('stop')) })).rejects.toThrow(
      'stop',
    );
    await start({ dir, persist: true });
  });

  test('ends with the process that started it, even one that is killed', async () => {
    const script = `
      import { startRedis } from ${JSON.stringify(new URL('redis.mjs', import.meta.url).href)};
      console.log((await startRedis({ dir: process.argv[1], persist: true })).url);
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script, dir]);
    const url = (await once(parent.stdout, 'data')).toString().trim();
    expect(existsSync(url)).toBe(true);
    parent.kill('SIGKILL');
    await vi.waitFor(() => expect(existsSync(url)).toBe(false), 5000);
    await rm(dirname(url), { recursive: true });
    await start({ dir, persist: true });
  });
});
