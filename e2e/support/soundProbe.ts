import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { readSound } from '@tribune/loadtest/browsers/soundProbe.ts';
import { levelDb, SAME_SPEECH, similarity, SOUND_PROBE_HZ } from '@tribune/loadtest/browsers/similarity.ts';

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
