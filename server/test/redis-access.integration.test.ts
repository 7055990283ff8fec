import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, symlink, appendFile } from 'node:fs/promises';
import { globSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ServerProcess } from '@tribune/server-process';
import { ApiClient } from '@tribune/shared/ApiClient.ts';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freePort } from '@tribune/scripts/port.mjs';
import { findRedis } from '@tribune/scripts/redis.mjs';
import { TestPeer } from './support/TestPeer.ts';

const DEPLOY = fileURLToPath(new URL('../../deploy/redis', import.meta.url));
const SOURCES = fileURLToPath(new URL('../src', import.meta.url));
const PASSWORD = 'password-of-the-nodes';
/** Sees what was refused to others. */
const AUDITOR = 'user auditor on >auditor -@all +acl|log';

describe('the Redis of deploy/redis', () => {
  let folder: string;
  let port: number;
  let process_: ChildProcess;
  let ca: string;
  const nodes: ServerProcess[] = [];
  const clients: Redis[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tribune-redis-test-'));
    // The script gives up root rights.
    await chmod(folder, 0o755);
    await cp(DEPLOY, join(folder, 'redis'), { recursive: true });
    await appendFile(join(folder, 'redis', 'users.acl'), `${AUDITOR}\n`);
    for (const name of ['bin', 'tls', 'data']) await mkdir(join(folder, name));
    await symlink((await findRedis())!, join(folder, 'bin', 'redis-server'));
    port = await freePort();
    process_ = spawn('sh', [join(folder, 'redis', 'start.sh')], {
      env: {
        PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
        ...{ REDIS_PASSWORD: PASSWORD, REDIS_HOST: 'localhost', REDIS_PORT: String(port) },
        ...{ TLS_DIR: join(folder, 'tls'), DATA_DIR: join(folder, 'data') },
      },
      stdio: 'ignore',
    });
    ca = await vi.waitFor(async () => readFile(join(folder, 'tls', 'ca.crt'), 'utf8'), { timeout: 10_000 });
    const health = connect('health', 'none');
    await vi.waitFor(async () => health.ping(), { timeout: 10_000 });
    nodes.push(await startNode('one'), await startNode('two'));
  });

  afterAll(async () => {
    for (const client of clients) client.disconnect();
    await Promise.all(nodes.map(async (node) => node.stop('SIGINT')));
    process_.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  function connect(username: string, password: string): Redis {
    const options = { username, password, tls: { ca }, enableReadyCheck: false, retryStrategy: () => 200 };
    const client = new Redis(port, 'localhost', { ...options, maxRetriesPerRequest: 50 });
    client.on('error', () => undefined);
    clients.push(client);
    return client;
  }

  async function startNode(name: string): Promise<ServerProcess> {
    const httpPort = await freePort();
    return ServerProcess.start({
      env: {
        ...{ PORT: String(httpPort), HOST: '127.0.0.1', PUBLIC_URL: `http://127.0.0.1:${httpPort}`, NODE_ID: name },
        ...{ WORKERS: '1', MIXERS: '1', MEDIA_PORT: '0', MEDIA_LISTEN_ADDRESS: '127.0.0.1', LOG_LEVEL: 'silent' },
        ...{ REDIS_URL: `rediss://tribune:${PASSWORD}@localhost:${port}`, SECRET: 's'.repeat(32), DATA_DIR: folder },
        NODE_EXTRA_CA_CERTS: join(folder, 'tls', 'ca.crt'),
      },
    });
  }

  async function createPeer(node: ServerProcess, name: string): Promise<TestPeer> {
    const origin = `http://127.0.0.1:${node.port}`;
    const api = new ApiClient(origin);
    const { user, token } = await api.createSession(name);
    return new TestPeer(name, { api, userId: user.userId, token, origin });
  }

  it('lets nodes do all that they do, over TLS', async () => {
    const host = await createPeer(nodes[0]!, 'host');
    const room = await host.api.createRoom({ title: 'A room' });
    await host.join(room.id);
    await host.request('room:goLive');
    const seen = async () =>
      (await fetch(`http://127.0.0.1:${nodes[0]!.port}/cluster`)).json() as Promise<{ nodes: [] }>;
    await expect.poll(async () => (await seen()).nodes, { timeout: 5000 }).toHaveLength(2);
    const people: TestPeer[] = [];
    for (const [index, node] of [...nodes, ...nodes].entries()) {
      const person = await createPeer(node, `person ${index}`);
      await person.join(room.id);
      people.push(person);
    }
    const [one, two, three] = people as [TestPeer, TestPeer, TestPeer];
    await one.request('hand:raise');
    await two.request('hand:raise');
    await two.request('hand:lower');
    await host.request('hand:approve', { userId: one.userId });
    await host.request('room:lock', { locked: true });
    const isDone = async (act: () => Promise<unknown>) => act().then(() => 'done', String);
    // Nodes hear of each other's people once a second.
    await expect
      .poll(async () => isDone(async () => host.request('peer:ban', { userId: three.userId })), { timeout: 5000 })
      .toBe('done');
    await three.until(() => three.disconnection === 'banned');
    expect(await host.request('ban:list')).toHaveLength(1);
    await host.request('peer:unban', { userId: three.userId });
    await expect
      .poll(async () => (await host.api.listRooms()).map(({ id }) => id), { timeout: 5000 })
      .toEqual([room.id]);
    for (const node of nodes) expect((await fetch(`http://127.0.0.1:${node.port}/readyz`)).status).toBe(200);
    await host.request('room:end');
    const log = (await connect('auditor', 'auditor').call('acl', 'log')) as unknown[];
    expect(log.map((entry) => JSON.stringify(entry))).toEqual([]);
  });

  it('allows every command of every script', () => {
    const allowed = new Set(readFileSync(join(DEPLOY, 'users.acl'), 'utf8').match(/\+[\w|]+/g));
    const scripts = globSync('**/*.lua', { cwd: SOURCES }).map((path) => readFileSync(join(SOURCES, path), 'utf8'));
    const used = scripts.flatMap((text) => [...text.matchAll(/redis\.p?call\(\s*'(\w+)'/g)].map(([, name]) => name!));
    expect(used.length).toBeGreaterThan(50);
    expect([...new Set(used)].filter((name) => !allowed.has(`+${name.toLowerCase()}`))).toEqual([]);
  });

  it('refuses nodes all else, and others everything', async () => {
    const node = connect('tribune', PASSWORD);
    expect(await node.set('tribune:test', '1')).toBe('OK');
    for (const [command, ...args] of [
      ['keys', '*'],
      ['flushall'],
      ['config', 'get', '*'],
      ['acl', 'list'],
      ['get', 'sessions'],
      ['set', 'sessions', '1'],
      ['spublish', 'orders', '1'],
      ['shutdown'],
      ['eval', "return redis.call('get', 'sessions')", '0'],
    ] as [string, ...string[]][])
      await expect(node.call(command, ...args), command).rejects.toThrow(
        /NOPERM|ACL failure|No permissions|can't access/,
      );
    const health = connect('health', 'none');
    expect(await health.ping()).toBe('PONG');
    await expect(health.get('tribune:test')).rejects.toThrow('NOPERM');
    await expect(connect('default', '').ping()).rejects.toThrow(/NOAUTH|WRONGPASS/);
    await expect(connect('tribune', 'wrong').ping()).rejects.toThrow(/NOAUTH|WRONGPASS/);
  });
});
