import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { voiceIdOf } from '@tribune/shared/voice.ts';
import { expect, it } from 'vitest';
import type { ObjectStore } from '../objects/ObjectStore.ts';
import type { RecordingDetail } from '../sql/recording.ts';
import { chaptersOf } from './chapters.ts';
import { speechOf } from './describeReplay.ts';
import { Replays } from './Replays.ts';
import { SAMPLE_MS, SAMPLES_PER_SEGMENT, SEGMENT_MS, segmentName, writeSegment } from './segment.ts';

const FIRST = 1000;
const START = FIRST * SEGMENT_MS;
const ada = { userId: 'ada', name: 'Ada' };
const ben = { userId: 'ben', name: 'Ben' };

/** Four segments, where each packet is the number of its slot. Ada speaks in the first two, Ben from the third on. */
const objects: Pick<ObjectStore, 'get' | 'list'> = {
  list: async function* (prefix) {
    for (let n = 0; n < 4; n++) yield { key: prefix + segmentName(FIRST + n), bytes: 1 };
  },
  get: async (key, { range } = {}) => {
    const index = Number(/(\d+)\.m4s$/.exec(key)![1]);
    const samples = Array.from({ length: SAMPLES_PER_SEGMENT }, (_, n) => {
      const packet = Buffer.alloc(20, 0xa5);
      packet.writeUInt32BE((index - FIRST) * SAMPLES_PER_SEGMENT + n);
      return packet;
    });
    const { userId } = index < FIRST + 2 ? ada : ben;
    const voices = [{ voiceId: voiceIdOf(userId), levels: new Uint8Array(SAMPLES_PER_SEGMENT).fill(9) }];
    const bytes = writeSegment({ index, samples, voices });
    const part = range ? bytes.subarray(range.start, (range.end ?? Infinity) + 1) : bytes;
    return { bytes: bytes.length, body: Readable.from([part]) };
  },
};

function recorded(changes: Partial<RecordingDetail> = {}): RecordingDetail {
  return {
    ...{ id: 'room', roomId: 'room', title: 'Talk', host: ada, language: null },
    ...{ visibility: 'public', state: 'ready', node: 'n1', retentionDays: null, bytes: 1 },
    ...{ startedAt: START, endedAt: START + 4 * SEGMENT_MS, durationMs: 4 * SEGMENT_MS },
    ...{ runs: [], gaps: [], chapters: [], cuts: [], reactions: [] },
    stretches: [ada, ben].map((person) => ({ kind: 'stage', person, from: START, to: null }) as const),
    ...changes,
  };
}

const cut = (fromMs: number, toMs: number, userId: string | null = null) => ({
  ...{ id: `${fromMs}`, from: START + fromMs, to: START + toMs, userId },
});

async function slotsOf(recording: RecordingDetail): Promise<number[]> {
  const { file } = await new Replays(objects).open(recording);
  const slots: number[] = [];
  for await (const packet of file.packets()) slots.push(Buffer.from(packet).readUInt32BE(0));
  return slots;
}

const slots = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);

it('a cut takes out all packets in which it is heard, and the one that repeats the last of them', async () => {
  expect(await slotsOf(recorded())).toEqual(slots(0, 200));
  const kept = await slotsOf(recorded({ cuts: [cut(1010, 7000)] }));
  // 1010 ms lie in packet 16, 7000 ms in packet 116.
  expect(kept).toEqual([...slots(0, 16), ...slots(118, 200)]);
});

it('cuts may overlap, touch the ends and take everything', async () => {
  const trimmed = recorded({ cuts: [cut(0, 600), cut(300, 1200), cut(9000, 12_000)] });
  expect(await slotsOf(trimmed)).toEqual(slots(21, 150));
  const { file, replay } = await new Replays(objects).open(recorded({ cuts: [cut(0, 12_000)] }));
  expect(replay.durationMs).toBe(0);
  expect(await buffer(file.read(0, file.bytes - 1))).toHaveLength(file.bytes);
});

it('what is cut is in no byte of the file', async () => {
  const { file } = await new Replays(objects).open(recorded({ cuts: [cut(1010, 7000)] }));
  const bytes = await buffer(file.read(0, file.bytes - 1));
  for (const slot of slots(16, 118)) {
    const packet = Buffer.alloc(20, 0xa5);
    packet.writeUInt32BE(slot);
    expect(bytes.includes(packet)).toBe(false);
  }
});

it('whoever is left out is neither heard nor named, with all that they say', async () => {
  const replays = new Replays(objects);
  const { file } = await replays.openUncut(recorded());
  const cuts = speechOf(file, 'ben').map(({ from, to }) => cut(from - START, to - START, 'ben'));
  const without = recorded({ cuts });
  const { replay } = await replays.open(without);
  expect(replay.people).toEqual([ada]);
  expect(replay.turns.map(({ person }) => person)).toEqual([0]);
  expect(replay.durationMs).toBeLessThan(2 * SEGMENT_MS);
  expect((await replays.openUncut(without)).replay.people).toEqual([ada, ben]);
});

it('a cut is another file for those who have a part of the one before', async () => {
  const replays = new Replays(objects);
  const { etag } = await replays.open(recorded({ cuts: [cut(0, 600)] }));
  expect((await replays.open(recorded({ cuts: [cut(6000, 6600)] }))).etag).not.toBe(etag);
});

it('a chapter begins with what is left of it, and one of which nothing is left is gone', async () => {
  const at = (ms: number, title: string) => ({ id: title, at: START + ms, title, automatic: false });
  const chapters = [at(0, 'one'), at(3000, 'two'), at(6000, 'three'), at(9000, 'four')];
  const { replay } = await new Replays(objects).open(recorded({ chapters, cuts: [cut(1980, 6960)] }));
  const shown = replay.chapters.map(({ title, atMs }) => ({ title, atMs }));
  // Packet 117 goes too: it repeats the last of the cut.
  expect(shown).toEqual([
    { title: 'one', atMs: 0 },
    { title: 'three', atMs: 1980 },
    { title: 'four', atMs: 1980 + 9000 - 6960 - SAMPLE_MS },
  ]);
});

it('times of the file and of the recording lead to each other, over cuts and pauses', async () => {
  const pause = { from: START + 3000, to: START + 6000, reason: 'paused' };
  const { file } = await new Replays(objects).open(recorded({ gaps: [pause] }));
  expect(file.toRecordedMs(2000)).toBe(START + 2000);
  expect(file.toRecordedMs(4000)).toBe(START + 7000);
  expect(file.toFileMs(START + 7000)).toBe(4000);
  expect(file.toFileMs(START + 5000)).toBe(3000);
  expect(file.toFileMs(START + 99_000)).toBe(file.durationMs);
});

it('whoever comes on stage begins a chapter, where its host made none', () => {
  const on = (userId: string, ms: number) => {
    const person = { userId, name: userId };
    return { kind: 'stage', person, from: START + ms, to: null } as const;
  };
  const titles = (changes: Partial<RecordingDetail>) => chaptersOf(recorded(changes)).map(({ title }) => title);
  const stretches = [on('ada', 0), on('ben', 20_000), on('cleo', 90_000)];
  expect(titles({ stretches })).toEqual(['ada, ben', 'cleo']);
  expect(titles({ stretches, cuts: [cut(0, 100, 'ben')] })).toEqual(['ada', 'cleo']);
  const own = { id: 'own', at: START + 5000, title: 'Questions', automatic: false };
  expect(titles({ stretches, chapters: [own] })).toEqual(['Questions']);
  expect(titles({ stretches: stretches.slice(0, 2) })).toEqual([]);
});

it('a clip has what is kept between its ends, and no more', async () => {
  const clip = { id: 'clip', recordingId: 'room', title: 'Clip', userId: 'ada', createdAt: 0 };
  const recording = recorded({ cuts: [cut(1010, 7000)] });
  const { file } = await new Replays(objects).openClip(recording, { ...clip, from: START + 600, to: START + 7200 });
  const kept: number[] = [];
  for await (const packet of file.packets()) kept.push(Buffer.from(packet).readUInt32BE(0));
  expect(kept).toEqual([...slots(10, 16), ...slots(118, 120)]);
});

it('reactions are counted where they came, and not where it was cut out', async () => {
  const reactions = [0, 3000, 6000].map((ms, index) => ({ at: START + ms, count: index + 1 }));
  const { replay } = await new Replays(objects).open(recorded({ reactions, cuts: [cut(3000, 5900)] }));
  const heard = replay.reactions.flatMap((count, at) => (count > 0 ? [[at * replay.levelMs, count]] : []));
  expect(heard).toEqual([
    [0, 1],
    [2880, 3],
  ]);
});

it('the playlist of a recording that goes on ends with the last segment that is over', () => {
  const last = Math.floor(Date.now() / SEGMENT_MS);
  const runs = [{ node: 'n1', first: last - 3, last: last + 1, bytes: 1 }];
  const going = { state: 'recording', startedAt: (last - 3) * SEGMENT_MS, endedAt: null, runs } as const;
  const playlist = new Replays(objects).playlist(recorded(going));
  expect(playlist).toContain(segmentStart(last - 2));
  expect(playlist).not.toContain(segmentStart(last + 1));
  expect(playlist).not.toContain('#EXT-X-ENDLIST');
});

function segmentStart(index: number): string {
  return `${String(index).padStart(10, '0')}-0-`;
}
