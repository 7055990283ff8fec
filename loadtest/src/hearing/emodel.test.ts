import { describe, expect, it } from 'vitest';
import { burstRatioOf, mosOf, ratingOf } from './emodel.ts';

const clean = { lossShare: 0, burstRatio: 1, delayMs: 0 };

describe('the mean opinion score', () => {
  it.each([
    [-5, 1],
    [0, 1],
    [3, 1],
    [50, 2.58],
    [60, 3.1],
    [70, 3.6],
    [80, 4.02],
    [90, 4.34],
    [93.2, 4.41],
    [100, 4.5],
    [120, 4.5],
  ])('of a rating of %d is %d', (rating, mos) => {
    expect(mosOf(rating)).toBeCloseTo(mos, 2);
  });
});

describe('the rating', () => {
  it('is the default of G.107 where nothing is wrong, and up to 100 ms of delay', () => {
    expect(ratingOf(clean)).toBe(93.2);
    expect(ratingOf({ ...clean, delayMs: 100 })).toBe(93.2);
  });

  it.each([
    // With Bpl = 25: 95 * p / (p + 25).
    [0.01, 93.2 - 95 / 26],
    [0.05, 93.2 - 475 / 30],
    [0.25, 93.2 - 47.5],
  ])('falls with a loss of %d', (lossShare, rating) => {
    expect(ratingOf({ ...clean, lossShare })).toBeCloseTo(rating, 6);
  });

  it.each([
    // x = 1 and x = 2 in the formula for Idd.
    [200, 93.2 - 25 * (2 ** (1 / 6) - 3 * (1 + 1 / 729) ** (1 / 6) + 2)],
    [400, 93.2 - 25 * (65 ** (1 / 6) - 3 * (1 + 64 / 729) ** (1 / 6) + 2)],
  ])('falls with a delay of %d ms', (delayMs, rating) => {
    expect(ratingOf({ ...clean, delayMs })).toBeCloseTo(rating, 6);
  });

  it('falls further where losses come in bursts', () => {
    const scattered = { ...clean, lossShare: 0.05 };
    expect(ratingOf({ ...scattered, burstRatio: 3 })).toBeLessThan(ratingOf(scattered));
  });
});

describe('the burst ratio', () => {
  it('is 1 for losses that are independent or none', () => {
    expect(burstRatioOf(0, 0, 0)).toBe(1);
    expect(burstRatioOf(10, 10, 0.01)).toBe(1);
  });

  it('grows with the length of the runs', () => {
    expect(burstRatioOf(40, 10, 0.1)).toBeCloseTo(3.6);
  });
});
