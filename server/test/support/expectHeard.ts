import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Ear } from './Ear.ts';
import type { TestPeer } from './TestPeer.ts';

/** What the last packets on the way, and a machine with other things to do, are given. */
const SETTLE_MS = 500;
const LISTEN_MS = 700;
const HEARD_DBOV = -45;
const SILENT_DBOV = -70;

/** There is sound from now on, and the mix names this person as who makes it. */
export async function expectHeard(ear: Ear, speaker: TestPeer): Promise<void> {
  const now = performance.now();
  await expect
    .poll(() => ear.names(speaker.userId, now) && ear.loudestDbov(now) > HEARD_DBOV, { timeout: 5000, interval: 20 })
    .toBe(true);
}

/** The one who spoke is neither named nor heard from a moment after now on, nor is anybody else. */
export async function expectUnheard(ear: Ear, speaker: TestPeer): Promise<void> {
  await sleep(SETTLE_MS);
  const now = performance.now();
  await sleep(LISTEN_MS);
  expect(ear.names(speaker.userId, now)).toBe(false);
  expect(ear.loudestDbov(now)).toBeLessThan(SILENT_DBOV);
}
