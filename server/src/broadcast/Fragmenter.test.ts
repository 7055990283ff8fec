import { writeRtp } from '@tribune/shared/rtp.ts';
import { csrcOf, voiceIdOf } from '@tribune/shared/voice.ts';
import { expect, test } from 'vitest';
import { Fragmenter } from './Fragmenter.ts';
import type { Fragment } from './segment.ts';
import { SILENT_PACKET } from './silence.ts';

const PACKET_MS = 60;
/** A multiple of 3 s and of 60 ms. */
const START_MS = 1_800_000_000_000;
const START_SLOT = START_MS / PACKET_MS;
const SILK_60_MS = 11 << 3;

function packetAt(slot: number, payload = voiceAt(slot)): Buffer {
  const timestamp = (slot * PACKET_MS * 48) % 0x1_0000_0000;
  const csrcs = [csrcOf(voiceIdOf('alice'), 9)];
  const sequenceNumber = slot & 0xffff;
  return writeRtp({ ...{ payloadType: 100, sequenceNumber, timestamp, ssrc: 7, marker: false, csrcs, payload } });
}

function voiceAt(slot: number): Uint8Array {
  return Uint8Array.from([SILK_60_MS, ...Array.from({ length: 40 }, (_, n) => (slot + n * 7) & 0xff)]);
}

/** Packets of these slots, each when its sound is over, and looks at the clock between them. */
function run(slots: readonly number[], { untilSlot = slots.at(-1)! + 1 } = {}) {
  const fragmenter = new Fragmenter();
  const fragments: (Fragment & { atMs: number })[] = [];
  let nowMs = 0;
  fragmenter.on('fragment', (fragment) => fragments.push({ ...fragment, atMs: nowMs }));
  const due = [...slots];
  for (let slot = slots[0]!; slot < untilSlot; slot++) {
    nowMs = (slot + 1) * PACKET_MS;
    if (due[0] === slot) fragmenter.receive(packetAt(due.shift()!), nowMs);
    else fragmenter.tick(nowMs);
  }
  return fragments;
}

const range = (from: number, count: number) => Array.from({ length: count }, (_, n) => from + n);
const lengthsOf = (fragments: readonly Fragment[]) => fragments.map(({ samples }) => samples.length);

test('Fragments are about a second long, whole packets of 120 ms, three in a segment, and emitted as soon as they are whole', () => {
  const fragments = run(range(START_SLOT, 150)).slice(8);
  expect(lengthsOf(fragments)).toEqual([18, 16, 16, 18, 16, 16, 18]);
  for (const { firstSlot, samples, atMs } of fragments) {
    expect(samples).toEqual(range(firstSlot, samples.length).map(voiceAt));
    expect(atMs).toBe((firstSlot + samples.length) * PACKET_MS);
  }
});

test('The first fragments are a quarter of a second long, until there is as much as a player needs to begin', () => {
  const fragments = run(range(START_SLOT + 5, 60));
  expect(fragments[0]!.firstSlot).toBe(START_SLOT + 5);
  expect(lengthsOf(fragments)).toEqual([4, 4, 4, 4, 4, 4, 3, 18]);
});

test('Fragments follow each other without a hole, and where nothing came they are silent', () => {
  const fragments = run([...range(START_SLOT, 20), ...range(START_SLOT + 70, 30)], { untilSlot: START_SLOT + 150 });
  for (const [n, { firstSlot }] of fragments.entries())
    expect(firstSlot).toBe(START_SLOT + lengthsOf(fragments.slice(0, n)).reduce((sum, length) => sum + length, 0));
  const samples = fragments.flatMap((fragment) => fragment.samples);
  expect(samples.slice(0, 20)).toEqual(range(START_SLOT, 20).map(voiceAt));
  expect(new Set(samples.slice(20, 70))).toEqual(new Set([SILENT_PACKET]));
  expect(samples.slice(70, 100)).toEqual(range(START_SLOT + 70, 30).map(voiceAt));
  expect(samples.length).toBeGreaterThan(130);
});

test('A packet that comes out of order has its place, unless its fragment is gone', () => {
  const fragmenter = new Fragmenter();
  const samples: Uint8Array[] = [];
  fragmenter.on('fragment', (fragment) => samples.push(...fragment.samples));
  const order = [0, 1, 3, 2, ...range(4, 12), 17, 16, ...range(18, 14), 5];
  for (const [n, at] of order.entries()) fragmenter.receive(packetAt(START_SLOT + at), START_MS + (n + 1) * PACKET_MS);
  expect(samples).toEqual(range(START_SLOT, 32).map(voiceAt));
});

test('Timestamps that wrap, as they do each day, change nothing', () => {
  const wrapsAt = Math.ceil(((Math.floor(START_MS / 89_478_485) + 1) * 0x1_0000_0000) / 48 / PACKET_MS);
  const fragments = run(range(wrapsAt - 40, 80));
  expect(fragments.flatMap((fragment) => fragment.samples)).toEqual(
    range(
      wrapsAt - 40,
      lengthsOf(fragments).reduce((sum, length) => sum + length, 0),
    ).map(voiceAt),
  );
  expect(fragments.at(-1)!.firstSlot).toBeGreaterThan(wrapsAt);
});

test('A mix whose clock was set by much goes on from there', () => {
  const fragmenter = new Fragmenter();
  const fragments: Fragment[] = [];
  fragmenter.on('fragment', (fragment) => fragments.push(fragment));
  const slots = [...range(START_SLOT, 40), ...range(START_SLOT - 60_000, 40)];
  for (const [n, slot] of slots.entries()) fragmenter.receive(packetAt(slot), START_MS + n * PACKET_MS);
  expect(fragments.at(-1)!.firstSlot).toBeLessThan(START_SLOT - 59_900);
});

test('A fragment says who speaks in it, as loud as they are', () => {
  const [fragment] = run(range(START_SLOT, 10));
  expect(fragment!.voices).toEqual([{ voiceId: voiceIdOf('alice'), levels: Uint8Array.of(9, 9, 9, 9) }]);
});
