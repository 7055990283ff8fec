import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startRedis, type OwnRedis } from '@tribune/scripts/redis.mjs';
import { createLogger } from '../src/logger.ts';
import { connectRedis } from '../src/store/connectRedis.ts';
import { RoomRecordCache } from '../src/rooms/RoomRecordCache.ts';
import { RoomDirectory } from '../src/store/RoomDirectory.ts';
import type { RoomRecord } from '../src/store/RoomRecord.ts';
import { RoomStore } from '../src/store/RoomStore.ts';

const HOST = { userId: 'host', name: 'Host' };
const SETTINGS = {
  title: 'A room',
  description: '',
  language: 'en',
  speakerLimit: 13,
  sound: 'speech',
  broadcast: false,
} as const;
const QUOTAS = { rooms: 100, perUser: 2, perAddressShare: 1 };

describe('the store of rooms', () => {
  let dir: string;
  let own: OwnRedis;
  let redis: Redis;
  let store: RoomStore;
  let room: RoomRecord;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'tribune-test-'));
    own = await startRedis({ dir: join(dir, 'redis'), persist: false });
    redis = connectRedis(own.url, createLogger({ LOG_LEVEL: 'silent' }));
    await new Promise((resolve) => redis.once('ready', resolve));
    store = new RoomStore(redis, { handleAnswer: () => undefined, handleFailure: () => undefined });
  });
  afterAll(async () => {
    redis.disconnect();
    await own.stop();
    await rm(dir, { recursive: true });
  });
  beforeEach(async () => {
    await redis.flushall();
    room = await create();
  });

  const create = async (host = HOST) =>
    store.create(SETTINGS, host, { address: 'here', quotas: QUOTAS, recordingPolicy: 'allowed' });
  const enter = async (userId: string) =>
    store.enter(room.id, { userId, name: userId, jti: `${userId}-${Math.random()}`, ticketExpiresS: 60 });

  it.each([
    ['off', 'recording:start', false],
    ['always', 'recording:stop', true],
  ] as const)(
    'where the server records rooms "%s", its host cannot change that',
    async (recordingPolicy, action, recording) => {
      const other = await store.create(SETTINGS, HOST, { address: 'here', quotas: QUOTAS, recordingPolicy });
      expect(other.recording).toBe(recording);
      await expect(store.transition(other.id, action, HOST)).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    },
  );

  it('adds up how long a room was recorded, from its doors on and without the pauses', async () => {
    await store.transition(room.id, 'recording:start', HOST);
    const meant = (await store.read(room.id)).record;
    expect(meant).toMatchObject({ recording: true, recordingSince: null, recordedFrom: null });
    const { record: live } = await store.transition(room.id, 'room:goLive', HOST);
    expect(live.recordingSince).toBe(live.startedAt);
    const { record: paused } = await store.transition(room.id, 'recording:stop', HOST);
    expect(paused).toMatchObject({ recording: false, recordingSince: null, recordedFrom: live.startedAt });
    await store.transition(room.id, 'recording:start', HOST);
    const { record: over } = await store.transition(room.id, 'room:end', HOST);
    expect(over.recordedUntil).toBe(over.endedAt);
    expect(over.recordedMs).toBeLessThanOrEqual(over.endedAt! - over.startedAt!);
  });

  it('counts no room that could not be written', async () => {
    for (let attempt = 0; attempt < 3; attempt++) {
      await redis.call('ACL', 'SETUSER', 'default', 'resetkeys', '~tribune:{index}*');
      await expect(create()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      await redis.call('ACL', 'SETUSER', 'default', 'allkeys');
    }
    await create();
    await expect(create()).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
  });

  it('counts a room once, however often it is written back after a loss', async () => {
    const home = { nodeId: 'a', epoch: 1 };
    for (let loss = 0; loss < 2; loss++) {
      await redis.del(`tribune:{${room.id}}:room`);
      await redis.hset(`tribune:{${room.id}}:home`, { node: home.nodeId, epoch: home.epoch });
      await store.restore(room, home);
    }
    await create();
    await store.release(room.id);
    await store.release(room.id);
    await create();
    await expect(create()).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
  });

  it('takes a lease that is null for none', async () => {
    const { record } = await store.transition(room.id, 'room:resume', null, { seq: 20, fence: null });
    expect(record.seq).toBe(21);
  });

  it('refuses what only the home may do to a node whose lease has been lost', async () => {
    const fence = { nodeId: 'a', epoch: 1 };
    await expect(store.transition(room.id, 'room:resume', null, { seq: 20, fence })).rejects.toThrow('another node');
    expect((await store.read(room.id)).record.seq).toBe(room.seq);
  });

  it('answers a listener who enters without the room, which has not changed', async () => {
    expect(await enter('ann')).toEqual({ seq: room.seq, change: null });
    const { change } = await enter(HOST.userId);
    expect(change?.record.stage.get(HOST.userId)?.away).toBe(false);
  });

  it('is read twice at most, however many ask at once, and each answer is newer than its question', async () => {
    const logger = createLogger({ LOG_LEVEL: 'silent' });
    const cache = new RoomRecordCache({ record: room, store, logger, fence: () => null });
    const reads = vi.spyOn(store, 'read');
    const first = cache.read();
    await store.transition(room.id, 'room:lock', HOST, { locked: true });
    const others = await Promise.all(Array.from({ length: 50 }, async () => cache.read()));
    await first;
    expect(others.every(({ locked }) => locked)).toBe(true);
    expect(reads.mock.calls.length).toBeLessThanOrEqual(2);
    reads.mockRestore();
  });

  it('[CL24] finds the rooms that no node keeps by the clock of Redis, whatever that of the node says', async () => {
    const directory = new RoomDirectory(redis);
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 3_600_000);
    const fresh = await create({ userId: 'other', name: 'Other' });
    vi.restoreAllMocks();
    const ageBy = async (key: string, ms: number) => redis.zincrby(`tribune:{index}:${key}`, -ms, fresh.id);
    expect(await directory.findOrphans()).toEqual([]);
    await ageBy('open', 6000);
    expect(await directory.findOrphans()).toEqual([fresh.id]);
    await directory.keep([{ roomId: fresh.id, card: null }]);
    expect(await directory.findOrphans()).toEqual([]);
    await ageBy('kept', 6000);
    expect(await directory.findOrphans()).toEqual([fresh.id]);
    // The clock of Redis was an hour ahead when the home last said that it keeps the room, and died.
    await ageBy('kept', -3_600_000);
    await directory.keep([{ roomId: fresh.id, card: null }]);
    await ageBy('kept', -3_600_000);
    await directory.findOrphans();
    await ageBy('kept', 6000);
    expect(await directory.findOrphans()).toEqual([fresh.id]);
  });

  describe('a decision that is written late', () => {
    const BOB = { userId: 'bob', name: 'Bob' };
    const seqNow = async () => (await store.read(room.id)).record.seq;
    const isMuted = async () => (await store.read(room.id)).record.stage.get('bob')?.muted;
    beforeEach(async () => {
      await store.transition(room.id, 'room:goLive', HOST);
      await store.transition(room.id, 'hand:raise', BOB, { address: 'one', addressShare: 1 });
      await store.transition(room.id, 'hand:approve', HOST, { userId: 'bob' });
      await store.transition(room.id, 'stage:setMuted', BOB, { muted: false });
    });

    it.each([
      ['stage:mute', { userId: 'bob' }],
      ['stage:muteOthers', {}],
    ] as const)('%s holds, unless they were unmuted since', async (action, args) => {
      const decidedAt = await seqNow();
      await store.transition(room.id, 'room:lock', HOST, { locked: true });
      await store.transition(room.id, action, HOST, { ...args, decidedAt });
      expect(await isMuted()).toBe(true);
      await store.transition(room.id, 'stage:setMuted', BOB, { muted: false });
      await store.transition(room.id, action, HOST, { ...args, decidedAt });
      expect(await isMuted()).toBe(false);
    });

    it('a removal holds, unless they have another role since', async () => {
      const late = { userId: 'bob', targetRole: 'speaker', decidedAt: await seqNow() };
      await store.transition(room.id, 'cohost:add', HOST, { userId: 'bob' });
      await expect(store.transition(room.id, 'peer:remove', HOST, late)).rejects.toMatchObject({
        code: 'INVALID_STATE',
      });
      await store.transition(room.id, 'cohost:remove', HOST, { userId: 'bob' });
      const { record } = await store.transition(room.id, 'peer:remove', HOST, late);
      expect(record.stage.has('bob')).toBe(false);
      expect(record.excluded.get('bob')?.seq).toBe(late.decidedAt + 1);
    });
  });

  it('names those who were removed or banned with each record, until they are let in again', async () => {
    await store.transition(room.id, 'peer:remove', HOST, { userId: 'ann' });
    const ban = { userId: 'bob', targetName: 'Bob' };
    expect(room.hasBans).toBe(false);
    const { record } = await store.transition(room.id, 'peer:ban', HOST, ban);
    expect(record.hasBans).toBe(true);
    expect(record.excluded).toEqual(
      new Map([
        ['ann', { reason: 'removed', seq: 2 }],
        ['bob', { reason: 'banned', seq: 3 }],
      ]),
    );
    await expect(enter('bob')).rejects.toMatchObject({ code: 'BANNED' });
    await enter('ann');
    const { record: after } = await store.transition(room.id, 'peer:unban', HOST, { bannedId: 'bob' });
    expect(after.hasBans).toBe(false);
    expect((await store.read(room.id)).record.excluded.has('bob')).toBe(false);
    await enter('bob');
  });
});
