import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import type { ObjectStore } from '../objects/ObjectStore.ts';
import { StorageError } from '../objects/StorageError.ts';
import { SAMPLES_PER_SEGMENT, writeSegment } from './segment.ts';
import { SegmentLayouts } from './SegmentLayouts.ts';
import { SILENT_PACKET } from './silence.ts';
import { segmentKey } from './storedSegments.ts';

const INDEX = 600_000_000;

function storeOf(objects: Readonly<Record<string, Buffer>>): Pick<ObjectStore, 'get' | 'list'> {
  return {
    get: async (key, { range } = {}) => {
      const bytes = objects[key]!;
      const part = range ? bytes.subarray(range.start, (range.end ?? Infinity) + 1) : bytes;
      return { bytes: bytes.length, body: Readable.from([part]) };
    },
    list: async function* () {
      for (const [key, bytes] of Object.entries(objects)) yield { key, bytes: bytes.length };
    },
  };
}

/** A segment with this byte as sound between two of its samples, and silence elsewhere. */
function segment(byte: number, first: number, end: number): Buffer {
  const samples = Array.from({ length: SAMPLES_PER_SEGMENT }, (_, n) =>
    n >= first && n < end ? Buffer.alloc(100, byte) : SILENT_PACKET,
  );
  return writeSegment({ index: INDEX, samples, voices: [] });
}

async function readSamples(objects: Readonly<Record<string, Buffer>>): Promise<string> {
  const layouts = new SegmentLayouts(storeOf(objects), 'r');
  await layouts.read([INDEX]);
  const { sampleBytes, dataAt } = layouts.get(INDEX)!;
  let at = dataAt;
  let text = '';
  for (const size of sampleBytes) {
    const [byte] = await layouts.readBytes(INDEX, { start: at, end: at + size - 1 });
    text += size === SILENT_PACKET.length ? '.' : String.fromCodePoint(byte!);
    at += size;
  }
  return text;
}

const A = 'a'.codePointAt(0)!;
const B = 'b'.codePointAt(0)!;

test('What two homes have of a segment is put together, and where both have sound the later home counts', async () => {
  const objects = {
    [segmentKey('r', { index: INDEX, epoch: 1 }, 'one')]: segment(A, 0, 30),
    [segmentKey('r', { index: INDEX, epoch: 2 }, 'two')]: segment(B, 25, 40),
  };
  expect(await readSamples(objects)).toBe('a'.repeat(25) + 'b'.repeat(15) + '.'.repeat(10));
});

test('A home that does not know that it is none any more changes nothing of what is heard', async () => {
  const objects = {
    [segmentKey('r', { index: INDEX, epoch: 1 }, 'one')]: segment(A, 0, 50),
    [segmentKey('r', { index: INDEX, epoch: 2 }, 'two')]: segment(B, 0, 50),
  };
  expect(await readSamples(objects)).toBe('b'.repeat(50));
});

test('What a process had stored of a segment before it ended stays when the next one stores the rest', async () => {
  const objects = {
    [segmentKey('r', { index: INDEX, epoch: 1 }, 'one')]: segment(A, 0, 20),
    [segmentKey('r', { index: INDEX, epoch: 1 }, 'two')]: segment(B, 35, 50),
  };
  expect(await readSamples(objects)).toBe('a'.repeat(20) + '.'.repeat(15) + 'b'.repeat(15));
});

test('A segment for which many ask at the same time is read once, and one that could not be read is read again', async () => {
  const objects = { [segmentKey('r', { index: INDEX, epoch: 1 }, 'one')]: segment(A, 0, 50) };
  const store = storeOf(objects);
  let gets = 0;
  let isAway = true;
  const get: ObjectStore['get'] = async (...asked) => {
    gets += 1;
    if (isAway) throw new StorageError('UNAVAILABLE', 'The storage is away');
    return store.get(...asked);
  };
  const layouts = new SegmentLayouts({ ...store, get }, 'r');
  const askTwice = async () => Promise.allSettled([layouts.read([INDEX]), layouts.read([INDEX])]);
  expect((await askTwice()).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  isAway = false;
  gets = 0;
  expect((await askTwice()).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
  expect(gets).toBe(1);
  expect(layouts.get(INDEX)).not.toBeNull();
});
