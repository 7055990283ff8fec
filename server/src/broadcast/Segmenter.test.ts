import { writeRtp } from '@tribune/shared/rtp.ts';
import { csrcOf, voiceIdOf } from '@tribune/shared/voice.ts';
import { expect, test } from 'vitest';
import { SILENT_PACKET } from './silence.ts';
import { readSegment, SEGMENT_MS, writeSegment, type Segment } from './segment.ts';
import { Segmenter, type MissingSound } from './Segmenter.ts';

const PACKET_MS = 60;
/** A multiple of 3 s and of 60 ms. */
const START_MS = 1_800_000_000_000;
const SILK_60_MS = 11 << 3;

interface TestPacket {
  readonly atMs: number;
  readonly rtp: Buffer;
}

/** A packet whose sound begins then. */
function packetAt(atMs: number, sequenceNumber: number, payload: Uint8Array = voiceAt(atMs)): TestPacket {
  const timestamp = (atMs * 48) % 0x1_0000_0000;
  const csrcs = payload.length > 2 ? [csrcOf(voiceIdOf('alice'), 9)] : [];
  const rtp = writeRtp({
    ...{ payloadType: 100, sequenceNumber: sequenceNumber & 0xffff, timestamp, ssrc: 7, marker: false, csrcs, payload },
  });
  return { atMs, rtp };
}

function voiceAt(atMs: number): Uint8Array {
  return Uint8Array.from([SILK_60_MS, ...Array.from({ length: 40 }, (_, n) => (atMs / PACKET_MS + n * 7) & 0xff)]);
}

/** One packet after the other. */
function speech(fromMs: number, seconds: number, firstNumber = 0): TestPacket[] {
  const count = Math.round((seconds * 1000) / PACKET_MS);
  return Array.from({ length: count }, (_, n) => packetAt(fromMs + n * PACKET_MS, firstNumber + n));
}

function run(packets: readonly TestPacket[], { delayMs = 60 } = {}) {
  const segmenter = new Segmenter();
  const segments = new Map<number, Segment>();
  const missing: MissingSound[] = [];
  segmenter.on('segment', (segment) => segments.set(segment.index, segment));
  segmenter.on('missing', (hole) => missing.push(hole));
  for (const { atMs, rtp } of packets) segmenter.receive(rtp, atMs + delayMs);
  segmenter.flush();
  return { segments, missing };
}

/** The file of each segment, by index. */
function bytesOf({ segments }: ReturnType<typeof run>): Map<number, string> {
  return new Map([...segments].map(([index, segment]) => [index, writeSegment(segment).toString('hex')]));
}

test('Segments begin at multiples of 3 s since 1970, and hold 3 s each, whenever the first packet comes', () => {
  const { segments } = run(speech(START_MS + 1800, 7.2));
  const first = START_MS / SEGMENT_MS;
  expect([...segments.keys()]).toEqual([first, first + 1, first + 2]);
  for (const segment of segments.values()) expect(segment.samples).toHaveLength(50);
  expect(segments.get(first)!.samples.slice(0, 30)).toEqual(Array.from({ length: 30 }, () => SILENT_PACKET));
  expect(segments.get(first)!.samples[30]).toEqual(voiceAt(START_MS + 1800));
});

test('Segments are the same bytes for whoever has the same packets, in whatever order and after whatever delay they came', () => {
  const packets = speech(START_MS + 300, 12);
  const swapped = packets.flatMap((_, n) => (n % 2 === 0 ? [packets[n + 1]!, packets[n]!] : []));
  const twice = packets.flatMap((packet) => [packet, packet]);
  const expected = bytesOf(run(packets));
  expect(expected.size).toBe(5);
  expect(bytesOf(run(swapped))).toEqual(expected);
  expect(bytesOf(run(twice, { delayMs: 900 }))).toEqual(expected);
});

test('A packet that was lost and came again later is as if it had never been lost', () => {
  const packets = speech(START_MS, 6);
  const late = [...packets.slice(0, 20), ...packets.slice(22, 24), packets[20]!, packets[21]!, ...packets.slice(24)];
  expect(bytesOf(run(late))).toEqual(bytesOf(run(packets)));
  expect(run(late).missing).toEqual([]);
});

test('A mixer whose packets lie between the slots fills one slot after the other', () => {
  const { segments } = run(speech(START_MS + 17, 6));
  expect(segments.get(START_MS / SEGMENT_MS)!.samples).not.toContainEqual(SILENT_PACKET);
});

test('Silence in which the mix sends next to nothing is filled, and is no gap', () => {
  const quiet = Array.from({ length: 7 }, (_, n) =>
    packetAt(START_MS + 1200 + n * 420, 20 + n, Uint8Array.of(SILK_60_MS)),
  );
  const { segments, missing } = run([...speech(START_MS, 1.2), ...quiet, ...speech(START_MS + 4140, 2, 27)]);
  expect(missing).toEqual([]);
  const [first, second] = [...segments.values()];
  expect(first!.samples.slice(20)).toEqual(Array.from({ length: 30 }, () => SILENT_PACKET));
  expect(second!.samples[19]).toEqual(voiceAt(START_MS + 4140));
});

test('Lost packets, and a mix that was away, are gaps with their time', () => {
  const packets = speech(START_MS, 6);
  const lossy = [...packets.slice(0, 10), ...packets.slice(13, 40), ...speech(START_MS + 10_200, 3, 5000)];
  expect(run(lossy).missing).toEqual([
    { from: START_MS + 600, to: START_MS + 780 },
    { from: START_MS + 2400, to: START_MS + 10_200 },
  ]);
});

test('What nobody wanted to have recorded is not missing', () => {
  const segmenter = new Segmenter();
  const missing: MissingSound[] = [];
  segmenter.on('missing', (hole) => missing.push(hole));
  for (const { atMs, rtp } of speech(START_MS, 1.2)) segmenter.receive(rtp, atMs);
  segmenter.flush();
  segmenter.resume();
  for (const { atMs, rtp } of speech(START_MS + 2400, 3, 40)) segmenter.receive(rtp, atMs);
  expect(missing).toEqual([]);
});

test('A segment says who speaks in which packet, and how loud', () => {
  const bytes = writeSegment([...run(speech(START_MS + 1500, 1.5)).segments.values()][0]!);
  const layout = readSegment(bytes)!;
  expect(layout.index).toBe(START_MS / SEGMENT_MS);
  expect(layout.voices).toEqual([
    { voiceId: voiceIdOf('alice'), levels: Uint8Array.from({ length: 50 }, (_, n) => (n < 25 ? 0 : 9)) },
  ]);
  const start = layout.dataAt + layout.sampleBytes.slice(0, 25).reduce((sum, bytesEach) => sum + bytesEach, 0);
  expect(bytes.subarray(start, start + layout.sampleBytes[25]!)).toEqual(Buffer.from(voiceAt(START_MS + 1500)));
});
