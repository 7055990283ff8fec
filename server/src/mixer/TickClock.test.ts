import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { TickClock } from './TickClock.ts';

let dueMs: number[];
let clock: TickClock;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  dueMs = [];
  const startMs = performance.now();
  clock = new TickClock((due) => dueMs.push(due - startMs));
});
afterEach(() => {
  clock.close();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** The process has no time for timers. */
function stall(ms: number): void {
  const now = performance.now();
  vi.spyOn(performance, 'now').mockImplementation(() => now + ms);
}

it('ticks every 20 ms', () => {
  vi.advanceTimersByTime(100);
  expect(dueMs).toEqual([0, 20, 40, 60, 80, 100]);
  expect(clock.lateTicks).toBe(0);
});

it('makes up for a short stall at once, and counts what came late', () => {
  vi.advanceTimersByTime(20);
  stall(95);
  vi.advanceTimersToNextTimer();
  expect(dueMs).toEqual([0, 20, 40, 60, 80, 100]);
  expect([clock.ticks, clock.lateTicks]).toEqual([6, 4]);
});

it('gives up a long stall, so that it does not end in a flood', () => {
  vi.advanceTimersByTime(20);
  stall(10_005);
  vi.advanceTimersToNextTimer();
  expect(dueMs.length).toBeLessThan(15);
  expect(clock.ticks).toBe(502);
});
