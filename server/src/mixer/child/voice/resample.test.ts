import { describe, expect, it } from 'vitest';
import { resample } from './resample.ts';

const sine = (length: number, hz: number) =>
  Float32Array.from({ length }, (_, n) => Math.sin((2 * Math.PI * hz * n) / 48_000));

describe('resample', () => {
  it('copies sound whose length is right already', () => {
    const target = new Float32Array(960);
    resample(sine(1200, 440), 960, target);
    expect(target).toEqual(sine(960, 440));
  });

  it.each([8, -8, 1])('fits %d samples more into a frame without a step and almost without noise', (surplus) => {
    const target = new Float32Array(960);
    resample(sine(1200, 1000), 960 + surplus, target);
    const ideal = sine(960, (1000 * (960 + surplus)) / 960);
    const noise = target.reduce((sum, sample, n) => sum + (sample - ideal[n]!) ** 2, 0) / 960;
    expect(10 * Math.log10(noise / 0.5)).toBeLessThan(-40);
  });
});
