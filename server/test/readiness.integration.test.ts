import { mkdir, mkdtemp, rename, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerProcess } from '@tribune/server-process';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startRedis, type OwnRedis } from '@tribune/scripts/redis.mjs';

const NOBODY = ['127.0.0.1', '1'] as const;

describe('a node whose Redis answers and takes no writes', () => {
  let folder: string;
  let address: string;
  let started: OwnRedis[];
  let server: ServerProcess;
  let logged: string[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tribune-readiness-test-'));
    address = join(folder, 'redis.sock');
    started = [];
    logged = [];
    await symlink((await startOwnRedis('first')).url, address);
    server = await ServerProcess.start({
      env: {
        ...{ PORT: '0', HOST: '127.0.0.1', WORKERS: '1', MIXERS: '1', MEDIA_PORT: '0' },
        ...{ MEDIA_LISTEN_ADDRESS: '127.0.0.1', REDIS_URL: address, DATA_DIR: folder, LOG_LEVEL: 'info' },
      },
      onLog: (line) => logged.push(line),
    });
  });
  afterEach(async () => {
    await server.stop('SIGINT');
    await Promise.all(started.map(async (redis) => redis.stop()));
    await rm(folder, { recursive: true, force: true });
  });

  async function startOwnRedis(name: string): Promise<OwnRedis> {
    const redis = await startRedis({ dir: join(folder, name), persist: true });
    started.push(redis);
    return redis;
  }

  async function askRedis<T>(question: (redis: Redis) => Promise<T>): Promise<T> {
    const redis = new Redis(started[0]!.url);
    return question(redis).finally(() => redis.disconnect());
  }

  async function readReadiness(): Promise<{ status: number; reason?: string }> {
    const response = await fetch(`http://127.0.0.1:${server.port}/readyz`);
    const { reason } = (await response.json()) as { reason?: string };
    return { status: response.status, ...(reason === undefined ? {} : { reason }) };
  }

  async function expectRedisUp(value: 0 | 1): Promise<void> {
    const read = async () => (await fetch(`http://127.0.0.1:${server.port}/metrics`)).text();
    await expect.poll(read, { timeout: 5000 }).toContain(`\ntribune_redis_up ${value}\n`);
  }

  const linesWith = (text: string) => logged.filter((line) => line.includes(text));

  it.each<[string, (redis: Redis) => Promise<unknown>, (redis: Redis) => Promise<unknown>]>([
    ['READONLY', async (redis) => redis.replicaof(...NOBODY), async (redis) => redis.replicaof('NO', 'ONE')],
    [
      'OOM',
      async (redis) => redis.config('SET', 'maxmemory', '1'),
      async (redis) => redis.config('SET', 'maxmemory', '0'),
    ],
    ['MISCONF', failToSave, async (redis) => redis.config('SET', 'save', '')],
  ])(
    '%s: is not ready and says why, in the log once, and is ready again when it is over',
    async (name, spoil, mend) => {
      expect(await readReadiness()).toEqual({ status: 200 });
      await expectRedisUp(1);
      await askRedis(spoil);
      await expect.poll(readReadiness, { timeout: 5000 }).toEqual({ status: 503, reason: `redis: ${name}` });
      await expectRedisUp(0);
      await askRedis(mend);
      await expect.poll(readReadiness, { timeout: 5000 }).toEqual({ status: 200 });
      await expectRedisUp(1);
      expect(linesWith('Redis takes no writes')).toEqual([expect.stringContaining(name)]);
      expect(linesWith('Redis takes writes again')).toHaveLength(1);
    },
  );

  it('connects anew, and finds the primary that has taken the address of one that is a replica now', async () => {
    await askRedis(async (redis) => redis.replicaof(...NOBODY));
    await expect.poll(readReadiness, { timeout: 5000 }).toEqual({ status: 503, reason: 'redis: READONLY' });
    const primary = await startOwnRedis('second');
    await symlink(primary.url, `${address}.new`);
    await rename(`${address}.new`, address);
    await expect.poll(readReadiness, { timeout: 10_000 }).toEqual({ status: 200 });
  });

  /** A snapshot that cannot be written makes Redis refuse writes, as a full disk does. */
  async function failToSave(redis: Redis): Promise<void> {
    await redis.config('SET', 'save', '3600 1');
    await rm(join(folder, 'first'), { recursive: true });
    await mkdir(join(folder, 'first'));
    await redis.bgsave();
    await expect.poll(async () => redis.info('persistence')).toContain('rdb_last_bgsave_status:err');
  }
});
