import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sequenceStep, timestampStep, unwrapSequence, unwrapTimestamp } from './numbering.ts';

describe('the numbers of RTP packets', () => {
  it.each([
    [5, 6, 1],
    [0xffff, 0, 1],
    [0, 0xffff, -1],
    [7, 7, 0],
    [0, 0x8000, -0x8000],
  ])('go from %d to %d in a step of %d', (from, to, step) => {
    expect(sequenceStep(from, to)).toBe(step);
  });

  it('go the short way round for timestamps too', () => {
    expect(timestampStep(0xffff_ffff, 959)).toBe(960);
    expect(timestampStep(959, 0xffff_ffff)).toBe(-960);
  });

  it('are unwrapped whatever came before, as long as no step is half of all numbers', () => {
    const steps = fc.array(fc.integer({ min: -0x7fff, max: 0x7fff }));
    fc.assert(
      fc.property(fc.nat(0xffff), steps, (first, all) => {
        let [real, newest] = [first, first];
        for (const step of all) {
          real += step;
          newest = unwrapSequence(newest, real & 0xffff);
          expect(newest).toBe(real);
        }
      }),
    );
  });

  it('are unwrapped to the nearest moment, also of a clock that counts from 1970', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 46), fc.integer({ min: -0x7fff_ffff, max: 0x7fff_ffff }), (near, step) => {
        const real = near + step;
        fc.pre(real >= 0);
        expect(unwrapTimestamp(near, real % 0x1_0000_0000)).toBe(real);
      }),
    );
  });
});
