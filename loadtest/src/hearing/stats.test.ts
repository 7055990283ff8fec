import { describe, expect, it } from 'vitest';
import { difference, lostOf, percentile, percentilesOf, quantilesOf, sumCounts, tally } from './stats.ts';

const counts = (received: number, expected: number) => ({
  received,
  expected,
  duplicates: 1,
  reordered: 2,
  restarts: 0,
});

describe('percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);

  it('is a value that was measured: the nearest rank', () => {
    expect(percentile(hundred, 0.5)).toBe(50);
    expect(percentile(hundred, 0.99)).toBe(99);
    expect(percentile(hundred, 1)).toBe(100);
    expect(percentile([10, 20], 0.5)).toBe(10);
    expect(percentile([10, 20], 0.95)).toBe(20);
    expect(percentile([7], 0)).toBe(7);
  });

  it('is null where nothing was measured', () => {
    expect(percentile([], 0.5)).toBeNull();
    expect(percentilesOf([])).toEqual({ p50: null, p95: null, p99: null });
  });

  it('sorts by size, and leaves the values as they were', () => {
    const values = [100, 9, 20.06];
    expect(percentilesOf(values)).toEqual({ p50: 20.1, p95: 100, p99: 100 });
    expect(values).toEqual([100, 9, 20.06]);
  });
});

describe('counts of streams', () => {
  it('add up and subtract', () => {
    expect(sumCounts([counts(1, 2), counts(10, 20)])).toEqual({
      received: 11,
      expected: 22,
      duplicates: 2,
      reordered: 4,
      restarts: 0,
    });
    expect(difference(counts(1, 2), counts(10, 20))).toMatchObject({ received: 9, expected: 18, duplicates: 0 });
  });

  it('never make a loss negative', () => {
    expect(lostOf(counts(5, 7))).toBe(2);
    expect(lostOf(counts(7, 5))).toBe(0);
  });
});

describe('tally', () => {
  it('puts the most frequent reason first', () => {
    expect(tally(['a', 'b', 'b'])).toEqual([
      { reason: 'b', count: 2 },
      { reason: 'a', count: 1 },
    ]);
    expect(tally([])).toEqual([]);
  });
});

describe('quantilesOf', () => {
  it('reaches from the least value to the greatest', () => {
    const quantiles = quantilesOf([3, 1, 2]);
    expect(quantiles).toHaveLength(101);
    expect([quantiles[0], quantiles[50], quantiles[100]]).toEqual([1, 2, 3]);
    expect(quantilesOf([])).toEqual([]);
  });
});
