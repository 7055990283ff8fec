import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planArrivals, type ArrivalPlan } from './arrivals.ts';

const seeds = fc.integer({ min: 0, max: 0xffff_ffff });
const counts = fc.integer({ min: 1, max: 500 });
const rates = fc.double({ min: 0.5, max: 1000, noNaN: true });
const spacing = fc.constantFrom('poisson' as const, 'even' as const);

const ramps = fc
  .tuple(fc.array(fc.tuple(fc.double({ min: 0.1, max: 60, noNaN: true }), fc.integer({ min: 0, max: 500 }))), rates)
  .map(([steps, last]) => {
    let atS = 0;
    const points = steps.map(([lengthS, perSecond]) => ({ atS: (atS += lengthS), perSecond }));
    return [{ atS: 0, perSecond: 0 }, ...points, { atS: atS + 1, perSecond: last }];
  });

const plans: fc.Arbitrary<ArrivalPlan> = fc.oneof(
  fc.record({ kind: fc.constant('rate' as const), points: ramps, spacing }),
  fc.record({ kind: fc.constant('flash' as const), count: counts, perSecond: rates, spacing }),
  fc.record({ kind: fc.constant('launch' as const), spanS: fc.double({ min: 1, max: 600, noNaN: true }) }),
);

const steady = (perSecond: number, spacing: 'poisson' | 'even' = 'poisson'): ArrivalPlan => ({
  kind: 'rate',
  points: [{ atS: 0, perSecond }],
  spacing,
});

describe('a schedule of arrivals', () => {
  it('has everyone in it, in order, from the beginning on', () => {
    fc.assert(
      fc.property(plans, counts, seeds, (plan, listeners, seed) => {
        const { atMs } = planArrivals(plan, listeners, seed);
        expect(atMs).toHaveLength(listeners);
        expect(atMs.every((ms, index) => Number.isFinite(ms) && ms >= (atMs[index - 1] ?? 0))).toBe(true);
      }),
    );
  });

  it('is the same for the same seed, and another for another', () => {
    fc.assert(
      fc.property(plans, counts, seeds, (plan, listeners, seed) => {
        expect(planArrivals(plan, listeners, seed)).toEqual(planArrivals(plan, listeners, seed));
      }),
    );
    expect(planArrivals(steady(10), 50, 1)).not.toEqual(planArrivals(steady(10), 50, 2));
  });

  it('keeps the rate on average, and not from one arrival to the next', () => {
    fc.assert(
      fc.property(rates, seeds, (perSecond, seed) => {
        const { atMs } = planArrivals(steady(perSecond), 2000, seed);
        const gaps = atMs.slice(1).map((ms, index) => ms - atMs[index]!);
        const mean = atMs.at(-1)! / gaps.length;
        expect((mean * perSecond) / 1000).toBeGreaterThan(0.85);
        expect((mean * perSecond) / 1000).toBeLessThan(1.15);
        // Gaps of a Poisson process deviate as much as they are long on average.
        const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
        expect(deviation / mean).toBeGreaterThan(0.75);
        expect(deviation / mean).toBeLessThan(1.3);
      }),
    );
  });

  it('is like a clock where that is asked for', () => {
    expect(planArrivals(steady(4, 'even'), 4, 1).atMs).toEqual([0, 250, 500, 750]);
  });
});

describe('a ramp', () => {
  it('rises evenly from one rate to the next, and holds the last', () => {
    const points = [
      { atS: 0, perSecond: 0 },
      { atS: 10, perSecond: 100 },
    ];
    const { atMs } = planArrivals({ kind: 'rate', points, spacing: 'even' }, 1000, 1);
    const by = (second: number) => atMs.filter((ms) => ms < second * 1000).length;
    // The integral of the rate: 5 t².
    expect(by(2)).toBe(20);
    expect(by(5)).toBe(125);
    expect(by(10)).toBe(500);
    expect(by(12)).toBe(700);
  });

  it('lets nobody in while the rate is 0', () => {
    const points = [
      { atS: 0, perSecond: 10 },
      { atS: 1, perSecond: 0 },
      { atS: 5, perSecond: 0 },
      { atS: 5.001, perSecond: 10 },
    ];
    const { atMs } = planArrivals({ kind: 'rate', points, spacing: 'even' }, 20, 1);
    expect(atMs.filter((ms) => ms > 1000 && ms < 5000)).toEqual([]);
  });
});

describe('a flash', () => {
  it('is one moment, after everybody else', () => {
    const { atMs } = planArrivals({ kind: 'flash', count: 30, perSecond: 10, spacing: 'even' }, 40, 1);
    expect(new Set(atMs.slice(10)).size).toBe(1);
    expect(atMs[10]! - atMs[9]!).toBeGreaterThanOrEqual(1000);
    const all = planArrivals({ kind: 'flash', count: 40, perSecond: 10, spacing: 'even' }, 40, 1);
    expect(all.atMs.every((ms) => ms === 0)).toBe(true);
  });
});

describe('the launch', () => {
  it('brings nearly everyone within the two minutes around the start, whatever the number', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const { atMs, liveMs } = planArrivals({ kind: 'launch', spanS: 240 }, 2000, seed);
        expect(liveMs).toBe(120_000);
        const near = atMs.filter((ms) => Math.abs(ms - 120_000) <= 60_000);
        expect(near.length / atMs.length).toBeGreaterThan(0.9);
        const early = atMs.filter((ms) => ms < 120_000);
        expect(early.length / atMs.length).toBeGreaterThan(0.35);
        expect(early.length / atMs.length).toBeLessThan(0.5);
      }),
    );
  });

  it('has the same shape in a shorter time', () => {
    const long = planArrivals({ kind: 'launch', spanS: 240 }, 100, 7);
    const short = planArrivals({ kind: 'launch', spanS: 24 }, 100, 7);
    expect(short.liveMs).toBe(12_000);
    for (const [index, ms] of short.atMs.entries()) expect(ms).toBeCloseTo(long.atMs[index]! / 10, 3);
  });
});
