import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { readSound } from '@tribune/loadtest/browsers/soundProbe.ts';
import { findIn, levelDb, SAME_SPEECH, similarity, SOUND_PROBE_HZ } from '@tribune/loadtest/browsers/similarity.ts';

export { attachSoundProbe, readSound } from '@tribune/loadtest/browsers/soundProbe.ts';
export { levelDb, ONE_OF_TWO, readSpeech, similarity } from '@tribune/loadtest/browsers/similarity.ts';

/** As quiet as a room in which nobody speaks. */
const LOUD_DB = -60;
const HEARD_S = 4;
const HEARS_WITHIN_MS = 20_000;

/** Resolves once a page has played `speech` for some seconds on end, whatever came before. @throws after a while */
export async function expectHears(page: Page, speech: Float32Array, alike = SAME_SPEECH): Promise<void> {
  await expect
    .poll(async () => similarity(await readSound(page, HEARD_S), speech), { timeout: HEARS_WITHIN_MS, interval: 500 })
    .toBeGreaterThan(alike);
}

/** In ms: the longest time in which nothing louder than a room's noise was heard. */
export function longestGapMs(samples: Float32Array): number {
  const frame = SOUND_PROBE_HZ / 100;
  let longest = 0;
  let current = 0;
  for (let at = 0; at + frame <= samples.length; at += frame) {
    current = levelDb(samples.subarray(at, at + frame)) < LOUD_DB ? current + 10 : 0;
    longest = Math.max(longest, current);
  }
  return longest;
}

const WINDOW_S = 1;
const STEP_S = 0.25;
/** What is between two sounds, or is blurred by both, says nothing of where it is. */
const CLEAR = 0.6;

/**
 * How far a recording strays from the even course of a looped original, from each quarter of a second to the next, in ms: ahead where
 * something is left out, back where something is heard twice.
 */
export function jumpsMs(recording: Float32Array, original: Float32Array): number[] {
  const lengthMs = (original.length / SOUND_PROBE_HZ) * 1000;
  const offsets: number[] = [];
  for (let atS = 0; (atS + WINDOW_S) * SOUND_PROBE_HZ <= recording.length; atS += STEP_S) {
    const window = recording.subarray(atS * SOUND_PROBE_HZ, (atS + WINDOW_S) * SOUND_PROBE_HZ);
    const { atMs, similarity: alike } = findIn(window, original);
    if (alike > CLEAR) offsets.push(atMs - atS * 1000);
  }
  return offsets.slice(1).map((offset, at) => {
    const jump = offset - offsets[at]!;
    return Math.round(jump - lengthMs * Math.round(jump / lengthMs));
  });
}
