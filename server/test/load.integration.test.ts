import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startRedis, type OwnRedis } from '@tribune/scripts/redis.mjs';
import { readConfig } from '../src/config.ts';
import { createLogger } from '../src/logger.ts';
import { Server } from '../src/Server.ts';

const NODES = 'tribune:{nodes}:info';
const OPEN_ROOMS = 'tribune:{index}:open';
const MANY = 5000;

describe('a server that loads', () => {
  let dir: string;
  let own: OwnRedis;
  let redis: Redis;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'tribune-load-test-'));
    own = await startRedis({ dir: join(dir, 'redis') });
    redis = new Redis(own.url);
    // Intervals never fire, so that each of them can be counted.
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  });
  afterEach(async () => {
    vi.useRealTimers();
    redis.disconnect();
    await own.stop();
    await rm(dir, { recursive: true });
  });

  async function createServer(): Promise<Server> {
    const config = readConfig({
      ...{ PORT: '0', HOST: '127.0.0.1', WORKERS: '1', MIXERS: '1', MEDIA_PORT: '0', NODE_ID: 'one' },
      ...{ MEDIA_LISTEN_ADDRESS: '127.0.0.1', REDIS_URL: own.url, DATA_DIR: dir, LOG_LEVEL: 'silent' },
      MEDIASOUP_WORKER_BIN: process.env.MEDIASOUP_WORKER_BIN ?? '',
    });
    return Server.create(config, createLogger(config));
  }

  /** @returns how many intervals go on after a server that was used like this has been closed */
  async function countLeft(use: (server: Server) => Promise<void>): Promise<number> {
    vi.clearAllTimers();
    const server = await createServer();
    await use(server);
    await server.close();
    return vi.getTimerCount();
  }

  it('and is closed meanwhile leaves nothing running, and is no node any more', async () => {
    const usual = await countLeft(async (server) => server.load());
    const left = await countLeft(async (server) => {
      // Rooms that are gone, each of which it looks up.
      const rooms = Array.from({ length: MANY }, (_, n) => [n, `room-${n}`]);
      await redis.zadd(OPEN_ROOMS, ...rooms.flat());
      const loading = server.load();
      await expect.poll(async () => redis.zcard(OPEN_ROOMS), { interval: 1, timeout: 10_000 }).toBeLessThan(MANY);
      await server.close();
      await loading;
    });
    expect(left).toBe(usual);
    expect(await redis.hkeys(NODES)).toEqual([]);
  });

  it('is ready once the rooms can be read, and says once a second that it lives, however often that failed', async () => {
    const untroubled = await createServer();
    await untroubled.load();
    const usual = vi.getTimerCount();
    await untroubled.close();
    vi.clearAllTimers();
    const server = await createServer();
    await redis.set(OPEN_ROOMS, 'no list of rooms');
    const loading = server.load();
    const read = async () => (await fetch(`http://127.0.0.1:${server.port}/readyz`)).json();
    await expect.poll(async () => redis.hkeys(NODES)).toEqual(['one']);
    expect(await read()).toMatchObject({ reason: 'starting or stopping' });
    // Longer than a server waits before it tries again.
    await new Promise((resolve) => setTimeout(resolve, 1200));
    await redis.del(OPEN_ROOMS);
    await loading;
    expect(await read()).toMatchObject({ status: 'ok' });
    expect(vi.getTimerCount()).toBe(usual);
    await server.close();
  });
});
