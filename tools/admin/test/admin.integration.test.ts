import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ServerProcess } from '@tribune/server-process';
import { ApiClient } from '@tribune/shared/ApiClient.ts';
import { startRedis, type OwnRedis } from '@tribune/scripts/redis.mjs';
import { freePort } from '@tribune/scripts/port.mjs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { TestPeer } from '@tribune/server/test/support/TestPeer.ts';

const ENTRY = fileURLToPath(new URL('../src/index.ts', import.meta.url));
const KEY = 'a-key-of-thirty-two-letters-or-more';

describe('the hand of the operator', () => {
  let folder: string;
  let redis: OwnRedis;
  const nodes: ServerProcess[] = [];
  const logged: string[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tribune-admin-test-'));
    redis = await startRedis({ dir: join(folder, 'redis') });
    nodes.push(await startNode('one', { ADMIN_KEY: KEY }), await startNode('two', { ADMIN_KEY: KEY }));
    const seen = async () => (await (await fetch(`${originOf(nodes[1]!)}/cluster`)).json()) as { nodes: unknown[] };
    await vi.waitUntil(async () => (await seen()).nodes.length === 2, { timeout: 5000 });
  });
  afterAll(async () => {
    await Promise.all(nodes.map(async (node) => node.stop('SIGINT')));
    await redis.stop();
    await rm(folder, { recursive: true });
  });

  async function startNode(name: string, env: NodeJS.ProcessEnv): Promise<ServerProcess> {
    const port = await freePort();
    return ServerProcess.start({
      env: {
        ...{ PORT: String(port), HOST: '127.0.0.1', PUBLIC_URL: `http://127.0.0.1:${port}`, NODE_ID: name },
        ...{ WORKERS: '1', MIXERS: '1', MEDIA_PORT: '0', MEDIA_LISTEN_ADDRESS: '127.0.0.1' },
        ...{ REDIS_URL: redis.url, DATA_DIR: folder, LOG_LEVEL: 'info', SECRET: 's'.repeat(32) },
        ...env,
      },
      onLog: (line) => logged.push(line),
    });
  }

  /** Runs the command as the operator would. */
  async function admin(
    node: ServerProcess,
    args: string[],
    key = KEY,
  ): Promise<{ code: number; out: string; err: string }> {
    const env = { PATH: process.env.PATH, ADMIN_KEY: key };
    return new Promise((resolve) => {
      execFile(process.execPath, [ENTRY, '--url', originOf(node), ...args], { env }, (error, out, err) =>
        resolve({ code: error ? Number(error.code) : 0, out, err }),
      );
    });
  }

  async function createPeer(node: ServerProcess, name: string): Promise<TestPeer> {
    const api = new ApiClient(originOf(node));
    const { user, token } = await api.createSession(name);
    return new TestPeer(name, { api, userId: user.userId, token, origin: originOf(node) });
  }

  async function createRoom(...names: string[]): Promise<{ roomId: string; host: TestPeer; people: TestPeer[] }> {
    const host = await createPeer(nodes[0]!, 'Ada');
    const room = await host.api.createRoom({ title: 'A room' });
    await host.join(room.id);
    const people: TestPeer[] = [];
    for (const name of names) {
      const person = await createPeer(nodes[0]!, name);
      await person.join(room.id);
      people.push(person);
    }
    return { roomId: room.id, host, people };
  }

  it('shows every room and who is in it, whichever node is asked', async () => {
    const { roomId, host, people } = await createRoom('Grace');
    const empty = await host.api.createRoom({ title: 'An empty room' });
    for (const node of nodes) {
      const rooms = await admin(node, ['rooms']);
      expect(rooms).toMatchObject({ code: 0, err: '' });
      expect(rooms.out).toMatch(new RegExp(`^${roomId} .*A room \\(host: Ada\\)$`, 'm'));
      expect(rooms.out).toContain(empty.id);
      const inside = async () => (await admin(node, ['people', '--', roomId])).out;
      // Nodes hear of each other's people once a second.
      await expect.poll(inside, { timeout: 5000 }).toMatch(new RegExp(`^${people[0]!.userId}  listener +Grace$`, 'm'));
      expect(await inside()).toMatch(new RegExp(`^${host.userId}  host, muted +Ada$`, 'm'));
    }
    await admin(nodes[0]!, ['end', '--', empty.id]);
  });

  it('removes and bans people of a room on another node, and lifts the ban', async () => {
    const { roomId, people } = await createRoom('Grace', 'Mallory');
    const [grace, mallory] = people as [TestPeer, TestPeer];
    expect(await admin(nodes[1]!, ['remove', '--', roomId, grace.userId])).toEqual({
      code: 0,
      out: 'Done.\n',
      err: '',
    });
    await grace.until(() => grace.disconnection === 'removed');
    await grace.join(roomId);
    expect(await admin(nodes[1]!, ['ban', '--', roomId, mallory.userId])).toMatchObject({ code: 0, err: '' });
    await mallory.until(() => mallory.disconnection === 'banned');
    await expect(mallory.join(roomId)).rejects.toMatchObject({ code: 'BANNED' });
    expect((await admin(nodes[0]!, ['people', '--', roomId])).out).toMatch(/ banned +Mallory$/m);
    expect(await admin(nodes[1]!, ['unban', '--', roomId, mallory.userId])).toMatchObject({ code: 0, err: '' });
    await mallory.join(roomId);
  });

  it('ends a room, on whatever node it is', async () => {
    const { roomId, host, people } = await createRoom('Grace');
    expect(await admin(nodes[1]!, ['end', `${originOf(nodes[1]!)}/r/${roomId}`])).toMatchObject({ code: 0, err: '' });
    for (const person of [host, ...people]) await person.until(() => person.disconnection === 'ended');
    expect((await admin(nodes[0]!, ['rooms'])).out).not.toContain(roomId);
  });

  it('without the key nobody gets in, and no key is ever logged', async () => {
    const { roomId, host } = await createRoom();
    const wrong = `${KEY.slice(0, -1)}x`;
    for (const args of [['rooms'], ['people', '--', roomId], ['end', '--', roomId]])
      expect(await admin(nodes[0]!, args, wrong)).toMatchObject({
        code: 1,
        err: 'The server has another ADMIN_KEY.\n',
      });
    const asPerson = await fetch(`${originOf(nodes[0]!)}/api/admin/rooms`, {
      headers: { authorization: `Bearer ${host.token}` },
    });
    expect(asPerson.status).toBe(401);
    expect((await fetch(`${originOf(nodes[0]!)}/api/admin/rooms?key=${KEY}`)).status).toBe(401);
    expect(host.disconnection).toBeNull();
    expect(logged.join('\n')).toContain('The operator acted');
    for (const key of [KEY, wrong]) expect(logged.join('\n')).not.toContain(key);
  });

  it('a server without a key has no such interface, and says so in words', async () => {
    const closed = await startNode('three', {});
    nodes.push(closed);
    expect(
      (await fetch(`${originOf(closed)}/api/admin/rooms`, { headers: { authorization: `Bearer ${KEY}` } })).status,
    ).toBe(404);
    expect((await admin(closed, ['rooms'])).err).toContain('has no ADMIN_KEY');
  });

  it('is asked no more than so often a minute from one address', async () => {
    const ask = async () => (await fetch(`${originOf(nodes[0]!)}/api/admin/rooms`)).status;
    const statuses = await Promise.all(Array.from({ length: 100 }, ask));
    expect(statuses).toContain(429);
  });
});

function originOf({ port }: ServerProcess): string {
  return `http://127.0.0.1:${port}`;
}
