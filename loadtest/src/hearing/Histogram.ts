import { round } from './stats.ts';

/** Bins grow by this factor, so that a percentile is off by 2.5 % at most. */
const GROWTH = 1.05;
const LEAST_MS = 0.05;
const BINS = 256;

/**
 * Durations in ms, in bins of growing width: one of 1 kB holds any number of values, and those of several processes add up.
 * Reaches from 0.05 ms to 12 s; what is beyond is held at the edge.
 */
export class Histogram {
  readonly bins: Uint32Array;

  /** @param bins of another histogram, which may have gone through a structured clone. */
  constructor(bins: Uint32Array = new Uint32Array(BINS)) {
    this.bins = bins;
  }

  get count(): number {
    return this.bins.reduce((sum, count) => sum + count, 0);
  }

  add(valueMs: number): void {
    const bin = valueMs <= LEAST_MS ? 0 : Math.ceil(Math.log(valueMs / LEAST_MS) / Math.log(GROWTH));
    this.bins[Math.min(bin, BINS - 1)]! += 1;
  }

  merge(bins: Uint32Array): void {
    for (const [bin, count] of bins.entries()) this.bins[bin]! += count;
  }

  /** The values at each percent from 0 to 100; none where there is nothing. */
  quantiles(): number[] {
    if (this.count === 0) return [];
    return Array.from({ length: 101 }, (_, percent) => round(this.at(percent / 100)!, 2));
  }

  /** The value in ms that at least `share` (0 to 1) of all values do not exceed; null where there is none. */
  at(share: number): number | null {
    const rank = Math.max(1, Math.ceil(share * this.count));
    let sum = 0;
    for (const [bin, count] of this.bins.entries()) {
      sum += count;
      // The middle of the bin, on its own scale.
      if (sum >= rank) return bin === 0 ? LEAST_MS : LEAST_MS * GROWTH ** (bin - 0.5);
    }
    return null;
  }
}
