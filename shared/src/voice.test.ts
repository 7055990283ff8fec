import { describe, expect, it } from 'vitest';
import { csrcOf, levelOf, readCsrc, voiceIdOf } from './voice.ts';

describe('voiceIdOf', () => {
  it('gives the same person the same voice, with the low bits free for a level', () => {
    const voiceId = voiceIdOf('V1StGXR8_Z5jdHi6B-myT');
    expect(voiceId).toBe(voiceIdOf('V1StGXR8_Z5jdHi6B-myT'));
    expect(voiceId % 16).toBe(0);
    expect(voiceId).toBeGreaterThan(0);
    expect(voiceId).toBeLessThan(2 ** 32);
  });

  it('tells the people of many stages apart', () => {
    const ids = Array.from({ length: 5000 }, (_, index) => voiceIdOf(`user-${index}`));
    expect(new Set(ids).size).toBeGreaterThan(4995);
  });
});

describe('levelOf', () => {
  it('is 0 below -48 dBov, goes up by one every 3 dB, and ends at 15', () => {
    expect([-200, -48.1, -48, -45.1, -45, -6, 0, 6].map(levelOf)).toEqual([0, 0, 1, 1, 2, 15, 15, 15]);
    expect(levelOf(-Infinity)).toBe(0);
  });
});

describe('readCsrc', () => {
  it('reads what csrcOf wrote, in all 32 bits', () => {
    for (const voiceId of [16, 0x7fff_fff0, 0x8000_0000, 0xffff_fff0]) {
      expect(readCsrc(csrcOf(voiceId, 9))).toEqual({ voiceId, level: 9 });
    }
  });
});
