import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { TickClock } from './TickClock.ts';

let dueMs: number[];
let clock: TickClock;
let isNeeded: (tick: number) => boolean;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  dueMs = [];
  const startMs = performance.now();
  isNeeded = () => true;
  clock = new TickClock({ isNeeded: (tick) => isNeeded(tick), run: (due) => dueMs.push(due - startMs) });
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

it('wakes up only for ticks in which there is something to do, and counts those', () => {
  isNeeded = (tick) => tick % 3 === 1;
  const sleep = vi.spyOn(globalThis, 'setTimeout');
  vi.advanceTimersByTime(200);
  expect(dueMs).toEqual([20, 80, 140, 200]);
  expect(clock.ticks).toBe(4);
  expect(sleep.mock.calls.length).toBeLessThanOrEqual(5);
});

it('finds what there is to do after a time in which there was nothing', () => {
  isNeeded = () => false;
  vi.advanceTimersByTime(1000);
  expect(dueMs).toEqual([]);
  isNeeded = () => true;
  vi.advanceTimersByTime(100);
  expect(dueMs.length).toBeGreaterThanOrEqual(3);
  expect(dueMs[0]! % 20).toBe(0);
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
