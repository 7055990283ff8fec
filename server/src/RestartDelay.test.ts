import { describe, expect, it } from 'vitest';
import { RestartDelay } from './RestartDelay.ts';

describe('RestartDelay', () => {
  it('starts a process that lived long again at once', () => {
    expect(new RestartDelay().next(60_000)).toBe(0);
  });

  it('waits longer each time that a process ends early, and never longer than ten seconds', () => {
    const delay = new RestartDelay();
    expect([0, 100, 0, 100].map((livedMs) => delay.next(livedMs))).toEqual([500, 1000, 2000, 4000]);
    for (let death = 0; death < 10; death++) expect(delay.next(0)).toBeLessThanOrEqual(10_000);
  });

  it('begins anew after a process that lived long', () => {
    const delay = new RestartDelay();
    for (let death = 0; death < 5; death++) delay.next(0);
    delay.next(60_000);
    expect(delay.next(0)).toBe(500);
  });
});
