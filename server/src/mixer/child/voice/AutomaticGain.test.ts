import { describe, expect, it } from 'vitest';
import { KWeighting, lufsOf } from './KWeighting.ts';
import { AutomaticGain, TARGET_LUFS } from './AutomaticGain.ts';

function tone(hz: number, amplitude: number, frame: number): Float32Array {
  return Float32Array.from(
    { length: 960 },
    (_, n) => amplitude * Math.sin((2 * Math.PI * hz * (frame * 960 + n)) / 48_000),
  );
}

/** A voice of a given loudness, with pauses as speech has them. */
function speak(automatic: AutomaticGain, lufs: number, seconds: number): number[] {
  const amplitude = 10 ** ((lufs + 3.01) / 20);
  return Array.from({ length: seconds * 50 }, (_, frame) => {
    automatic.follow(tone(997, frame % 25 < 20 ? amplitude : 0, frame));
    return automatic.gainDb;
  });
}

describe('KWeighting', () => {
  it('measures a full-scale sine of 997 Hz as -3.01 LUFS (ITU-R BS.1770-5, annex 1)', () => {
    const filter = new KWeighting();
    const powers = Array.from({ length: 50 }, (_, frame) => filter.power(tone(997, 1, frame)));
    expect(lufsOf(powers.slice(10).reduce((sum, power) => sum + power) / 40)).toBeCloseTo(-3.01, 1);
  });
});

describe('AutomaticGain', () => {
  it.each([-32, -26, -20, -12])('brings a voice of %d LUFS to the target', (lufs) => {
    const gainDb = speak(new AutomaticGain('speech'), lufs, 15).at(-1)!;
    // The pauses count a little.
    expect(Math.abs(lufs + gainDb - TARGET_LUFS)).toBeLessThan(2.5);
  });

  it('turns nobody up by more than 15 dB, or down by more than 12', () => {
    expect(speak(new AutomaticGain('speech'), -45, 30).at(-1)).toBeCloseTo(15);
    expect(speak(new AutomaticGain('speech'), -3, 30).at(-1)).toBeCloseTo(-12);
  });

  it('leaves noise and silence alone', () => {
    expect(Math.max(...speak(new AutomaticGain('speech'), -55, 30).map(Math.abs))).toBe(0);
  });

  it('keeps its gain through a pause, however long', () => {
    const automatic = new AutomaticGain('speech');
    const before = speak(automatic, -30, 10).at(-1)!;
    for (let frame = 0; frame < 3000; frame++) automatic.follow(new Float32Array(960));
    expect(automatic.gainDb).toBeCloseTo(before, 0);
  });

  it('moves by 3 dB in a second at most, once it knows a voice', () => {
    const automatic = new AutomaticGain('speech');
    speak(automatic, -20, 10);
    const gains = speak(automatic, -30, 10);
    for (const [n, gainDb] of gains.slice(50).entries()) expect(Math.abs(gainDb - gains[n]!)).toBeLessThan(3.1);
    expect(gains.at(-1)! - gains[0]!).toBeGreaterThan(3);
  });
});
