import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import express from 'express';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Tokens } from '../../auth/Tokens.ts';
import { Replays } from '../../broadcast/Replays.ts';
import { SAMPLES_PER_SEGMENT, SEGMENT_MS, segmentName, writeSegment } from '../../broadcast/segment.ts';
import type { ObjectStore } from '../../objects/ObjectStore.ts';
import { StorageError } from '../../objects/StorageError.ts';
import type { RecordingDetail } from '../../sql/recording.ts';
import { createErrorHandler } from '../problem.ts';
import { recordingRoutes } from './recordings.ts';

const ID = 'AbCdEfGh12';
const FIRST = 1000;
const SEGMENTS = 8;

const recording: RecordingDetail = {
  ...{ id: ID, roomId: ID, title: 'Talk', host: { userId: 'host', name: 'Host' }, language: null },
  ...{ visibility: 'public', state: 'ready', node: 'n1', retentionDays: null, bytes: 1 },
  ...{ startedAt: FIRST * SEGMENT_MS, endedAt: (FIRST + SEGMENTS) * SEGMENT_MS, durationMs: SEGMENTS * SEGMENT_MS },
  ...{ runs: [], gaps: [], stretches: [], chapters: [], cuts: [], reactions: [] },
};

/** Reads that the storage still answers before it is away. */
let readsLeft: number;
let reads: number;
let log: string[];
let lookups: number;
/** What was counted for the address. */
let taken: string[];
let http: ReturnType<typeof createServer>;
let origin: string;

const objects: Pick<ObjectStore, 'get' | 'list'> = {
  list: async function* (prefix) {
    const { startedAt, endedAt } = recording;
    for (let index = Math.floor(startedAt / SEGMENT_MS); index * SEGMENT_MS < endedAt!; index++)
      yield { key: prefix + segmentName(index), bytes: 1 };
  },
  get: async (key, { range } = {}) => {
    reads += 1;
    if (readsLeft-- <= 0) throw new StorageError('UNAVAILABLE', 'The storage is away');
    const index = Number(/(\d+)\.m4s$/.exec(key)![1]);
    const samples = Array.from({ length: SAMPLES_PER_SEGMENT }, () => Buffer.alloc(200, index % 251));
    const bytes = writeSegment({ index, samples, voices: [] });
    const part = range ? bytes.subarray(range.start, (range.end ?? Infinity) + 1) : bytes;
    return { bytes: bytes.length, body: Readable.from([part]) };
  },
};

beforeEach(async () => {
  readsLeft = Infinity;
  log = [];
  const logger = pino({ base: null }, { write: (line) => void log.push(line) });
  taken = [];
  lookups = 0;
  const recordings = {
    find: async () => {
      lookups += 1;
      return recording;
    },
  } as never;
  const archive = { recordings, deleteRecording: async () => true };
  const tokens = new Tokens('x'.repeat(32));
  const limits = { assertLeft: () => undefined, take: async (name: string) => void taken.push(name) } as never;
  const guard = { limits, networkOf: () => 'somewhere' };
  const app = express()
    .use(
      '/api/recordings',
      recordingRoutes({
        config: { basePath: '' },
        archive,
        replays: new Replays(objects),
        tokens,
        logger,
        nowMs: Date.now,
        ...guard,
      }),
    )
    .use(createErrorHandler(logger));
  http = createServer(app).listen(0, '127.0.0.1');
  await once(http, 'listening');
  origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  await get('audio.mp4', { method: 'HEAD' });
  reads = 0;
});
afterEach(() => {
  http.closeAllConnections();
  http.close();
});

const get = async (name: string, init: RequestInit = {}) => fetch(`${origin}/api/recordings/${ID}/open/${name}`, init);

it.each(['audio.mp4', 'audio.ogg'])('%s is answered with 503 where the storage is away', async (name) => {
  readsLeft = 0;
  const response = await get(name);
  expect(response.status).toBe(503);
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  expect(await response.json()).toMatchObject({ code: 'UNAVAILABLE' });
  expect((await get(name, { headers: { range: 'bytes=40000-' } })).status).toBe(503);
});

it.each(['audio.mp4', 'audio.ogg'])('%s that is cut off by the storage is logged', async (name) => {
  readsLeft = 4;
  const response = await get(name);
  expect(response.status).toBe(200);
  await expect(response.arrayBuffer()).rejects.toThrow('terminated');
  await expect.poll(() => log.join('')).toContain('The storage is away');
});

it.each(['audio.mp4', 'audio.ogg'])('HEAD of %s reads nothing of the recording', async (name) => {
  const response = await get(name, { method: 'HEAD' });
  expect(response.status).toBe(200);
  expect(reads).toBe(0);
});

it('the parts of one recording that are asked for within a second are one look into the database, and each is counted', async () => {
  for (let i = 0; i < 4; i++) await get('audio.mp4', { method: 'HEAD' });
  expect(lookups).toBe(1);
  expect(taken).toEqual(Array.from({ length: 5 }, () => 'recordings'));
});

it('a player that leaves is not logged, and one that has the file is told so', async () => {
  const leaving = new AbortController();
  const response = await get('audio.mp4', { signal: leaving.signal });
  leaving.abort();
  const again = await get('audio.mp4', {
    headers: { 'if-none-match': response.headers.get('etag')!, 'cache-control': 'max-age=0' },
  });
  expect(again.status).toBe(304);
  expect(log).toEqual([]);
});
