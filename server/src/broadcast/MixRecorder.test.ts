import { writeRtp } from '@tribune/shared/rtp.ts';
import { expect, test, vi } from 'vitest';
import type { ObjectStore } from '../objects/ObjectStore.ts';
import { StorageError } from '../objects/StorageError.ts';
import type { Gap } from '../sql/recording.ts';
import { LiveSink } from './LiveSink.ts';
import { MixRecorder } from './MixRecorder.ts';
import { SEGMENT_MS } from './segment.ts';
import { SegmentQueue } from './SegmentQueue.ts';
import { readSegmentKey } from './storedSegments.ts';

const START_MS = 1_800_000_000_000;
const MIX = { recordingId: 'room', ssrc: 7, port: 22_222, epoch: 1, isHome: true, isAlone: false };
const PACKET_MS = 60;

/** A disk that does with each object what it is told to. */
function disk(
  put: (key: string, attempt: number) => Promise<void>,
): Pick<ObjectStore, 'put' | 'list'> & { keys: string[] } {
  const keys: string[] = [];
  const attempts = new Map<string, number>();
  return {
    keys,
    list: async function* () {
      for (const key of keys) yield { key, bytes: 1 };
    },
    put: async (key, body) => {
      attempts.set(key, (attempts.get(key) ?? 0) + 1);
      await put(key, attempts.get(key)!);
      keys.push(key);
      return { key, bytes: body instanceof Uint8Array ? body.length : 0 };
    },
  };
}

function record(queue: SegmentQueue) {
  const recorder = new MixRecorder(queue);
  const gaps: Gap[] = [];
  recorder.on('gap', (_id, gap) => gaps.push(gap));
  recorder.record(MIX);
  return { recorder, gaps };
}

function speak(
  recorder: MixRecorder,
  fromMs: number,
  seconds: number,
  { ssrc = MIX.ssrc, port = MIX.port } = {},
): void {
  for (let ms = 0; ms < seconds * 1000; ms += PACKET_MS) {
    const timestamp = ((fromMs + ms) * 48) % 0x1_0000_0000;
    const sequenceNumber = ((fromMs + ms) / PACKET_MS) & 0xffff;
    const payload = Buffer.alloc(200, 88);
    const packet = writeRtp({ payloadType: 100, sequenceNumber, timestamp, ssrc, marker: false, payload });
    recorder.receive(packet, port, fromMs + ms);
  }
}

test('What was said is stored when the recording is stopped, whole segments and the last part', async () => {
  const store = disk(async () => undefined);
  const { recorder, gaps } = record(new SegmentQueue(store));
  speak(recorder, START_MS, 7);
  await recorder.stop(MIX.recordingId, START_MS + 7000);
  expect(store.keys.map(readSegmentKey)).toEqual(
    [0, 1, 2].map((n) => ({ index: START_MS / SEGMENT_MS + n, epoch: 1 })),
  );
  expect(gaps).toEqual([]);
});

test('Packets of a room that is not recorded, or from another port, go nowhere', async () => {
  const store = disk(async () => undefined);
  const { recorder } = record(new SegmentQueue(store));
  speak(recorder, START_MS, 4, { ssrc: 8 });
  speak(recorder, START_MS, 4, { port: 1 });
  await recorder.stop(MIX.recordingId, START_MS + 4000);
  expect(store.keys).toEqual([]);
});

test('A full disk is told at once as a gap with its time, and what comes when there is room again is kept', async () => {
  let isFull = true;
  const store = disk(async () => {
    if (isFull) throw new StorageError('STORAGE_FULL', 'No room');
  });
  const { recorder, gaps } = record(new SegmentQueue(store));
  speak(recorder, START_MS, 3.6);
  await vi.waitFor(() => expect(gaps).toEqual([{ from: START_MS, to: START_MS + SEGMENT_MS, reason: 'STORAGE_FULL' }]));
  isFull = false;
  speak(recorder, START_MS + 3600, 3);
  await recorder.stop(MIX.recordingId, START_MS + 6600);
  expect(store.keys).toHaveLength(2);
});

test('A storage that is away for a moment loses nothing', async () => {
  const store = disk(async (_key, attempt) => {
    if (attempt < 3) throw new StorageError('UNAVAILABLE', 'Away');
  });
  const { recorder, gaps } = record(new SegmentQueue(store, { retryMs: 1 }));
  speak(recorder, START_MS, 6);
  await recorder.stop(MIX.recordingId, START_MS + 6000);
  expect(store.keys).toHaveLength(2);
  expect(gaps).toEqual([]);
});

test('A storage that is away for long, or too slow for what comes, costs what it could not take, and no more', async () => {
  const away = disk(async () => {
    throw new StorageError('UNAVAILABLE', 'Away');
  });
  const late = record(new SegmentQueue(away, { retryMs: 1, giveUpMs: 20 }));
  speak(late.recorder, START_MS, 3);
  await late.recorder.stop(MIX.recordingId, START_MS + 3000);
  expect(late.gaps).toMatchObject([{ from: START_MS, reason: 'UNAVAILABLE' }]);

  const hanging = disk(async () => new Promise(() => undefined));
  const slow = record(new SegmentQueue(hanging, { maxWaitingBytes: 25_000 }));
  speak(slow.recorder, START_MS, 9.6);
  expect(slow.gaps).toMatchObject([{ from: START_MS + 2 * SEGMENT_MS, reason: 'SLOW' }]);
});

test('Whoever stops and starts again within a segment has both parts of it', async () => {
  const store = disk(async () => undefined);
  const queue = new SegmentQueue(store);
  const stored: Buffer[] = [];
  queue.on('written', ({ bytes }) => stored.push(bytes));
  const { recorder, gaps } = record(queue);
  speak(recorder, START_MS, 0.6);
  await recorder.stop(MIX.recordingId, START_MS + 600);
  recorder.record(MIX);
  speak(recorder, START_MS + 1800, 0.6);
  await recorder.stop(MIX.recordingId, START_MS + 2400);
  expect(stored).toHaveLength(2);
  expect(stored[1]!.length - stored[0]!.length).toBe(10 * (200 - 8));
  expect(gaps).toEqual([]);
});

test('What is heard now is whole segments: one that is not over when nobody listens any more is not passed on', () => {
  const live = new LiveSink();
  const written: number[] = [];
  live.on('written', ({ index }) => written.push(index - START_MS / SEGMENT_MS));
  const recorder = new MixRecorder(live);
  recorder.record(MIX);
  speak(recorder, START_MS, 8);
  recorder.drop(MIX.recordingId);
  expect(written).toEqual([0, 1]);
  expect(recorder.count).toBe(0);
  recorder.record(MIX);
  speak(recorder, START_MS + 60_000, 7);
  expect(written).toEqual([0, 1, 20, 21]);
});

test('What the home did not store before it was lost, another node that heard it does, and nothing twice', async () => {
  const store = disk(async () => undefined);
  const home = record(new SegmentQueue(store));
  const other = new MixRecorder(new SegmentQueue(store));
  const part = { ...MIX, isHome: false };
  other.record(part);
  for (const recorder of [home.recorder, other]) speak(recorder, START_MS, 3.6);
  await vi.waitFor(() => expect(store.keys).toHaveLength(1));
  // The home is gone, and what it heard since with it.
  speak(other, START_MS + 3600, 4);
  other.record({ ...part, epoch: 2 });
  await vi.waitFor(() => expect(store.keys).toHaveLength(3));
  expect(store.keys.map((key) => readSegmentKey(key)!.index - START_MS / SEGMENT_MS).toSorted()).toEqual([0, 1, 2]);
  // What comes then is the next home's to store.
  speak(other, START_MS + 12_000, 4);
  await other.stop(MIX.recordingId, START_MS + 16_000);
  expect(store.keys).toHaveLength(3);
});

test('A node that becomes the home goes on with what it has heard, and tells what is missing between', async () => {
  const store = disk(async () => undefined);
  const { recorder, gaps } = record(new SegmentQueue(store));
  const begun = vi.fn<(recordingId: string, atMs: number) => void>();
  recorder.on('begun', begun);
  recorder.record({ ...MIX, isHome: false });
  speak(recorder, START_MS, 2.4);
  recorder.record({ ...MIX, epoch: 2 });
  speak(recorder, START_MS + 5400, 4);
  await recorder.stop(MIX.recordingId, START_MS + 9400);
  expect(store.keys.map((key) => readSegmentKey(key)!.index - START_MS / SEGMENT_MS).toSorted()).toEqual([0, 1, 2, 3]);
  expect(gaps).toEqual([{ from: START_MS + 2400, to: START_MS + 5400, reason: 'mixer' }]);
  expect(begun).not.toHaveBeenCalled();
});

test('Of what is not stored yet, the process before tells each second, for the next to store', () => {
  const { recorder } = record(new SegmentQueue(disk(async () => new Promise(() => undefined))));
  const drafts: number[] = [];
  recorder.on('draft', ({ until }) => drafts.push(until - START_MS));
  for (let ms = 0; ms < 3000; ms += 300) {
    speak(recorder, START_MS + ms, 0.3);
    recorder.tick(START_MS + ms + 300);
  }
  expect(drafts).toEqual([300, 1500, 2700]);
});

test('Where no other node hears the mix, it is stored each second', async () => {
  const store = disk(async () => undefined);
  const { recorder } = record(new SegmentQueue(store));
  recorder.on('draft', () => undefined);
  recorder.record({ ...MIX, isAlone: true });
  speak(recorder, START_MS, 0.6);
  recorder.tick(START_MS + 600);
  await vi.waitFor(() => expect(store.keys).toHaveLength(1));
});
