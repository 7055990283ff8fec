import { expect, test } from 'vitest';
import { TICKS_PER_S } from './FragmentReader.ts';
import { Playback } from './Playback.ts';

const NOW_MS = 1_800_000_000_000;
const NOW_S = NOW_MS / 1000;

const fragment = (startS: number, seconds = 1) => ({
  ...{ startTicks: startS * TICKS_PER_S, durationTicks: seconds * TICKS_PER_S, packets: [] },
});

test('It begins near the end of what there is, and is as far behind as that was old', () => {
  const playback = new Playback({ startBehindEndS: 1.4, minStartS: 1, reserveS: null });
  expect(playback.behindS(NOW_MS)).toBeNull();
  for (const startS of [NOW_S - 3, NOW_S - 2]) playback.add(fragment(startS), NOW_MS);
  playback.begin(NOW_MS);
  expect(playback.behindS(NOW_MS)).toBeCloseTo(2.4);
  expect(playback.behindS(NOW_MS + 1000)).toBeCloseTo(2.4);
  expect(playback.stalls).toBe(0);
});

test('Without more it stalls once, and goes on later where it was', () => {
  const playback = new Playback({ startBehindEndS: 1.4, minStartS: 1, reserveS: null });
  playback.add(fragment(NOW_S - 1), NOW_MS);
  playback.begin(NOW_MS);
  expect(playback.behindS(NOW_MS + 2500)).toBeCloseTo(2.5);
  expect(playback.behindS(NOW_MS + 3000)).toBeCloseTo(3);
  playback.add(fragment(NOW_S), NOW_MS + 3000);
  expect(playback.behindS(NOW_MS + 3900)).toBeCloseTo(3);
  expect(playback).toMatchObject({ stalls: 1, gaps: 0 });
  expect(playback.longestSilenceMs(NOW_MS + 3900)).toBeCloseTo(2000);
});

test('With much in reserve it catches up', () => {
  const playback = new Playback({ startBehindEndS: 5, minStartS: 1, reserveS: 0.5 });
  for (let s = 0; s < 5; s++) playback.add(fragment(NOW_S - 5 + s), NOW_MS);
  playback.begin(NOW_MS);
  for (let s = 0; s < 90; s++) playback.add(fragment(NOW_S + s), NOW_MS + (s + 1) * 1000);
  const behindS = playback.behindS(NOW_MS + 90_000)!;
  expect(behindS).toBeGreaterThan(1.3);
  expect(behindS).toBeLessThan(1.8);
  expect(playback.stalls).toBe(0);
});

test('What is missing is a gap, and what comes twice is none', () => {
  const playback = new Playback({ startBehindEndS: 1.4, minStartS: 1, reserveS: null });
  for (const startS of [NOW_S - 4, NOW_S - 3, NOW_S - 3, NOW_S - 1]) playback.add(fragment(startS), NOW_MS);
  expect(playback.gaps).toBe(1);
});
