import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deal } from './Audience.ts';

describe('arrivals spread over processes', () => {
  it('are all there, in order, in shares of like size', () => {
    fc.assert(
      fc.property(fc.array(fc.nat()), fc.integer({ min: 1, max: 9 }), (times, hands) => {
        const sorted = times.toSorted((a, b) => a - b);
        const shares = deal(sorted, hands);
        expect(shares.flat().toSorted((a, b) => a - b)).toEqual(sorted);
        for (const share of shares) {
          expect(share).toEqual(share.toSorted((a, b) => a - b));
          expect(Math.abs(share.length - sorted.length / hands)).toBeLessThan(1);
        }
      }),
    );
  });
});
