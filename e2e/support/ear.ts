import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { hear } from '../../loadtest/src/browsers/ear.ts';
import { SAME_SPEECH, similarity } from '../../loadtest/src/browsers/similarity.ts';

export { attachEar, hear } from '../../loadtest/src/browsers/ear.ts';
export { levelDb, ONE_OF_TWO, readSpeech, similarity } from '../../loadtest/src/browsers/similarity.ts';

const HEARD_S = 4;
const HEARS_WITHIN_MS = 20_000;

/** Resolves once a page has played `speech` for some seconds on end, whatever came before. @throws after a while */
export async function expectHears(page: Page, speech: Float32Array, alike = SAME_SPEECH): Promise<void> {
  await expect
    .poll(async () => similarity(await hear(page, HEARD_S), speech), { timeout: HEARS_WITHIN_MS, interval: 500 })
    .toBeGreaterThan(alike);
}
