import { describe, expect, it } from 'vitest';
import { Limiter } from './Limiter.ts';

const CEILING = 10 ** (-1 / 20);
const DELAY = 240;

function limit(samples: Float32Array): Float32Array {
  const limiter = new Limiter();
  const limited = samples.slice();
  for (let start = 0; start < limited.length; start += 960) limiter.process(limited.subarray(start, start + 960));
  return limited;
}

const sine = (length: number, amplitude: (n: number) => number) =>
  Float32Array.from({ length }, (_, n) => amplitude(n) * Math.sin((2 * Math.PI * 220 * n) / 48_000));

describe('Limiter', () => {
  it('only delays by 5 ms what is below its ceiling', () => {
    const samples = sine(9600, () => 0.85);
    expect(limit(samples).subarray(DELAY)).toEqual(samples.subarray(0, -DELAY));
  });

  it.each([1.2, 3, 50])('lets no sample of a peak of %d through', (peak) => {
    const limited = limit(sine(48_000, (n) => (n % 9600 < 480 ? peak : 0.3)));
    expect(limited.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)).toBeLessThanOrEqual(CEILING + 1e-6);
  });

  it('does not pump: after a peak the gain comes back slowly, without a step', () => {
    const samples = sine(96_000, (n) => (n > 20_000 && n < 22_000 ? 2 : 0.5));
    const limited = limit(samples);
    const gains: number[] = [];
    for (let n = DELAY; n < limited.length; n++) {
      if (Math.abs(samples[n - DELAY]!) > 0.2) gains.push(limited[n]! / samples[n - DELAY]!);
    }
    for (let n = 1; n < gains.length; n++) expect(Math.abs(gains[n]! - gains[n - 1]!)).toBeLessThan(0.12);
    expect(gains.at(-1)).toBeGreaterThan(0.98);
  });
});
