import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { freePort } from '@tribune/scripts/port.mjs';
import { findRedis } from '@tribune/scripts/redis.mjs';
import { TestServer } from './support/TestServer.ts';

/** Redis with several servers, as those have it who cannot lose one. */

let dir: string;
let started: ChildProcess[];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tribune-redis-'));
  started = [];
});
afterEach(async () => {
  for (const child of started) child.kill('SIGKILL');
  await rm(dir, { recursive: true, force: true });
});

/** @returns the port of a Redis server with these options, once it answers */
async function run(...options: readonly string[]): Promise<number> {
  const program = await findRedis();
  if (!program) throw new Error('There is no Redis');
  const port = await freePort();
  const args = [...options, '--port', String(port), '--dir', dir, '--save', '', '--bind', '127.0.0.1'];
  started.push(spawn(program, args, { argv0: 'redis-server', stdio: 'ignore' }));
  await ask(port, async (redis) => redis.ping());
  return port;
}

async function ask<T>(port: number, question: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(port, '127.0.0.1', { retryStrategy: () => 50, maxRetriesPerRequest: null });
  // Until it is up.
  redis.on('error', () => undefined);
  return question(redis).finally(() => redis.disconnect());
}

async function expectTwoNodes(url: string): Promise<void> {
  const home = await TestServer.createFirstNode({ REDIS_URL: url });
  const other = await home.addNode();
  try {
    const { room, host } = await home.createRoom();
    await host.request('room:goLive');
    const lea = await other.createPeer('lea');
    const welcome = await other.admit(lea, room.id);
    expect(welcome.snapshot.state.phase).toBe('live');
    await host.request('room:lock', { locked: true });
    // As a listener hears of it: with the home's next pulse.
    await lea.told('room:pulse', ({ state }) => state?.locked === true);
    await expect
      .poll(async () => (await other.createApi('max')).api.getRoom(room.id), { timeout: 5000 })
      .toMatchObject({ listeners: 1 });
  } finally {
    await other.close();
    await home.close();
  }
}

it('a room is on two nodes with a Redis Cluster', async () => {
  const port = await run(
    '--cluster-enabled',
    'yes',
    '--cluster-announce-ip',
    '127.0.0.1',
    '--cluster-config-file',
    join(dir, 'nodes.conf'),
  );
  await ask(port, async (redis) => redis.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383'));
  await expect
    .poll(async () => ask(port, async (redis) => redis.call('CLUSTER', 'INFO')), { timeout: 10_000 })
    .toContain('cluster_state:ok');
  await expectTwoNodes(`redis+cluster://127.0.0.1:${port}`);
});

it('a room is on two nodes with Redis Sentinel', async () => {
  const port = await run();
  const config = join(dir, 'sentinel.conf');
  await writeFile(config, `sentinel monitor main 127.0.0.1 ${port} 1\n`);
  const sentinel = await run(config, '--sentinel');
  await expectTwoNodes(`redis+sentinel://127.0.0.1:${sentinel}/main`);
});
