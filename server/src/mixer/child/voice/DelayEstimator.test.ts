import { describe, expect, it } from 'vitest';
import { DelayEstimator } from './DelayEstimator.ts';

/** @param lateMs of the nth packet */
function feed(delay: DelayEstimator, count: number, lateMs: (n: number) => number, driftPpm = 0, from = 0): void {
  for (let n = from; n < from + count; n++) delay.add(n * 20 * (1 - driftPpm / 1e6) + lateMs(n), n * 960);
}

describe('DelayEstimator', () => {
  it('waits 25 ms on a network without jitter', () => {
    const delay = new DelayEstimator();
    feed(delay, 500, () => 30);
    expect([delay.targetMs, delay.baseMs]).toEqual([25, 30]);
  });

  it('waits for almost all packets on one with jitter, and not for an outlier', () => {
    const delay = new DelayEstimator();
    feed(delay, 1000, (n) => (n * 7919) % 80);
    expect(delay.targetMs).toBeGreaterThanOrEqual(80);
    expect(delay.targetMs).toBeLessThanOrEqual(95);
    const calm = new DelayEstimator();
    feed(calm, 1000, (n) => (n === 500 ? 1000 : 0));
    expect(calm.targetMs).toBe(25);
  });

  it('never waits for much more than 200 ms', () => {
    const delay = new DelayEstimator();
    feed(delay, 1000, (n) => (n % 2) * 5000);
    expect(delay.targetMs).toBeLessThan(230);
  });

  it('waits for one packet more where packets are lost, as long as they are', () => {
    const delay = new DelayEstimator();
    feed(delay, 500, (n) => (n % 5) * 10);
    const calmMs = delay.targetMs;
    for (let n = 0; n < 100; n++) delay.settle(n % 20 === 0 ? 'lost' : 'played');
    expect(delay.targetMs).toBe(calmMs + 20);
    for (let n = 0; n < 100; n++) delay.settle('played');
    expect(delay.targetMs).toBe(calmMs + 20);
    for (let n = 0; n < 1500; n++) delay.settle('played');
    expect(delay.targetMs).toBe(calmMs);
  });

  it('does not take what is only late for lost', () => {
    const delay = new DelayEstimator();
    feed(delay, 500, () => 0);
    for (let n = 0; n < 20; n++) for (const fate of ['lost', 'late', 'played'] as const) delay.settle(fate);
    expect(delay.targetMs).toBe(25);
  });

  it.each([100, -100])('follows a clock that is off by %d ppm without taking it for jitter', (driftPpm) => {
    const delay = new DelayEstimator();
    feed(delay, 30_000, () => 0, driftPpm);
    expect(delay.targetMs).toBe(25);
    const endMs = 30_000 * 20 * (-driftPpm / 1e6);
    expect(Math.abs(delay.baseMs - endMs)).toBeLessThan(1);
  });

  it('follows a stream that comes later from one moment on, and waits no longer for it than before', () => {
    const delay = new DelayEstimator();
    feed(delay, 500, () => 0);
    feed(delay, 12, () => 450, 0, 500);
    expect([delay.targetMs, delay.baseMs]).toEqual([25, 450]);
    feed(delay, 100, (n) => (n % 4) * 10, 0, 512);
    expect(delay.baseMs).toBe(0);
  });

  it('does not follow what a network held back, which catches up', () => {
    const delay = new DelayEstimator();
    feed(delay, 500, () => 0);
    // Eight seconds of a connection over TCP that stood still, at four times the speed.
    feed(delay, 400, (n) => 8000 - (n - 500) * 20 + (n - 500) * 5, 0, 500);
    expect(delay.baseMs).toBe(0);
  });

  it('forgets what was usual on a network that calms down', () => {
    const delay = new DelayEstimator();
    feed(delay, 500, (n) => (n % 2) * 100);
    feed(delay, 4000, () => 0, 0, 500);
    expect(delay.targetMs).toBe(25);
  });
});
