import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ApiClient } from '@tribune/shared/ApiClient.ts';
import { ServerProcess } from '@tribune/server-process';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startRedis, type OwnRedis } from '@tribune/scripts/redis.mjs';
import { freePort } from '@tribune/scripts/port.mjs';
import { TestPeer } from './support/TestPeer.ts';

const START_SCRIPT = fileURLToPath(new URL('../../scripts/start.mjs', import.meta.url));
const PEOPLE = 8;

describe('a server as a process', () => {
  let folder: string;
  let redis: OwnRedis;
  let servers: ServerProcess[];
  let logged: string[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tribune-process-test-'));
    await writeFile(join(folder, 'index.html'), '');
    redis = await startRedis({ dir: join(folder, 'redis') });
    servers = [];
    logged = [];
  });
  afterEach(async () => {
    await Promise.all(servers.map(async (server) => server.stop('SIGINT')));
    await redis.stop();
    await rm(folder, { recursive: true });
  });

  async function start(name: string, env: NodeJS.ProcessEnv = {}, entry?: string): Promise<ServerProcess> {
    const port = await freePort();
    const server = await ServerProcess.start({
      env: {
        ...{ PORT: String(port), HOST: '127.0.0.1', PUBLIC_URL: `http://127.0.0.1:${port}`, NODE_ID: name },
        ...{ WORKERS: '1', MIXERS: '1', MEDIA_PORT: '0', MEDIA_LISTEN_ADDRESS: '127.0.0.1' },
        ...{ REDIS_URL: redis.url, DATA_DIR: folder, WEB_DIR: folder, LOG_LEVEL: 'error', TMPDIR: folder },
        ...env,
      },
      onLog: (line) => logged.push(line),
      ...(entry === undefined ? {} : { entry }),
    });
    servers.push(server);
    return server;
  }

  it('ends when it is told to, though its log cannot be written, as on a full disk', async () => {
    const full = openSync('/dev/full', 'w');
    const port = await freePort();
    const child = spawn(process.execPath, [fileURLToPath(new URL('../src/index.ts', import.meta.url))], {
      env: {
        ...process.env,
        ...{ PORT: String(port), HOST: '127.0.0.1', WORKERS: '1', MIXERS: '1', MEDIA_PORT: '0', LOG_LEVEL: 'debug' },
        ...{ MEDIA_LISTEN_ADDRESS: '127.0.0.1', REDIS_URL: redis.url, DATA_DIR: folder },
      },
      stdio: ['ignore', 'ignore', full],
    });
    closeSync(full);
    const ended = once(child, 'exit');
    const ready = async () =>
      fetch(`http://127.0.0.1:${port}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
    await expect.poll(ready, { timeout: 15_000 }).toBe(true);
    child.kill('SIGTERM');
    const limit = setTimeout(() => child.kill('SIGKILL'), 8000);
    expect(await ended).toEqual([0, null]);
    clearTimeout(limit);
  });

  it('goes on, logs and counts, when a promise is rejected or an exception thrown that nothing catches', async () => {
    const faults = new URL('support/faultsOnSignal.mjs', import.meta.url).href;
    const server = await start('one', { NODE_OPTIONS: `--import=${faults}` });
    server.signal('SIGUSR2');
    const metrics = async () => (await fetch(`http://127.0.0.1:${server.port}/metrics`)).text();
    await expect.poll(metrics, { timeout: 5000 }).toContain('tribune_unhandled_total{kind="rejection"} 1');
    await expect.poll(metrics).toContain('tribune_unhandled_total{kind="exception"} 1');
    expect(logged.join('\n')).toContain('A rejection for a test');
    expect(logged.join('\n')).toContain('An exception for a test');
    const [person] = await openRoom(server, 1);
    person?.leave();
  });

  it.each([
    ['the server', undefined],
    // As systemd does with its default `KillMode`, and a supervisor that is impatient.
    ['npm start and the server that it started', START_SCRIPT],
  ])('everyone moves to another node, however often %s gets SIGTERM', async (_name, entry) => {
    const leaving = await start('leaving', { DRAIN_S: '5' }, entry);
    const people = await openRoom(leaving, PEOPLE);
    await start('staying');
    await expect.poll(async () => nodesSeenBy(leaving), { timeout: 5000 }).toHaveLength(2);
    const moved = () => people.filter(({ disconnection }) => disconnection === 'moved');
    const pids = entry ? await childrenOf(leaving.pid) : [leaving.pid];
    for (const pid of [leaving.pid, ...pids]) process.kill(pid, 'SIGTERM');
    await expect.poll(() => moved().length, { timeout: 5000, interval: 10 }).toBeGreaterThan(0);
    for (const pid of [leaving.pid, ...pids]) process.kill(pid, 'SIGTERM');
    await Promise.all(people.map(async (person) => person.until(() => person.disconnection !== null)));
    expect(moved()).toHaveLength(PEOPLE);
    expect(await leaving.exited).toBe(0);
  });

  it('a second Ctrl-C does not wait for people to move', async () => {
    const leaving = await start('leaving', { DRAIN_S: '60' }, START_SCRIPT);
    const people = await openRoom(leaving, PEOPLE);
    await start('staying');
    await expect.poll(async () => nodesSeenBy(leaving), { timeout: 5000 }).toHaveLength(2);
    // The terminal tells the whole group, and npm passes it on: that is one Ctrl-C.
    leaving.signal('SIGINT');
    leaving.signal('SIGINT');
    const isTold = (reason: string) => people.some(({ disconnection }) => disconnection === reason);
    await expect.poll(() => isTold('moved'), { timeout: 10_000 }).toBe(true);
    await sleep(1000);
    leaving.signal('SIGINT');
    await expect.poll(() => isTold('restarting'), { timeout: 5000 }).toBe(true);
    expect(await leaving.exited).toBe(0);
  });

  it('a server ends at once with a second Ctrl-C, whatever it waits for; the same one passed on by npm is none', async () => {
    const server = await start('one');
    const [person] = await openRoom(server, 1);
    // The server waits half a second for Redis to take its goodbye, and a second for this person to answer it.
    person?.freeze();
    const control = new Redis(redis.url);
    await control.client('PAUSE', 3000, 'ALL');
    server.signal('SIGINT');
    server.signal('SIGINT');
    await sleep(700);
    expect(server.isRunning).toBe(true);
    server.signal('SIGINT');
    expect(await server.exited).toBe(130);
    control.disconnect();
  });
});

/** A room with this many people, its host included. */
async function openRoom({ port }: ServerProcess, count: number): Promise<TestPeer[]> {
  const origin = `http://127.0.0.1:${port}`;
  const people: TestPeer[] = [];
  let roomId = '';
  for (let i = 0; i < count; i++) {
    const { user, token } = await new ApiClient(origin).createSession(`person ${i}`);
    const api = new ApiClient(origin, token);
    roomId ||= (await api.createRoom({ title: 'A room' })).id;
    const person = new TestPeer(user.name, { api, userId: user.userId, token, origin });
    await person.join(roomId);
    people.push(person);
  }
  return people;
}

async function nodesSeenBy({ port }: ServerProcess): Promise<unknown[]> {
  const { nodes } = (await (await fetch(`http://127.0.0.1:${port}/cluster`)).json()) as { nodes: unknown[] };
  return nodes;
}

/** From /proc: the processes that this one has started. */
async function childrenOf(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return children.split(' ').filter(Boolean).map(Number);
}
