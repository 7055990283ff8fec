import { describe, expect, it } from 'vitest';
import { createRandom } from '../random.ts';
import { SlowDirection } from './SlowNetwork.ts';

const perfect = { lossShare: 0, delayMs: 0, jitterMs: 0, rateKbps: null };

describe('a slow network', () => {
  it('loses its share of packets, the same ones for the same seed', () => {
    const lost = (seed: number) => {
      const direction = new SlowDirection({ ...perfect, lossShare: 0.2 }, createRandom(seed));
      return Array.from({ length: 10_000 }, (_, ms) => direction.admit(100, ms) === null);
    };
    const share = lost(1).filter(Boolean).length / 10_000;
    expect(share).toBeGreaterThan(0.18);
    expect(share).toBeLessThan(0.22);
    expect(lost(1)).toEqual(lost(1));
    expect(lost(1)).not.toEqual(lost(2));
  });

  it('delays by as much as it says, and keeps the order', () => {
    const direction = new SlowDirection({ ...perfect, delayMs: 80, jitterMs: 30 }, createRandom(1));
    const outMs = Array.from({ length: 1000 }, (_, ms) => direction.admit(100, ms)!);
    expect(outMs.every((out, ms) => out >= ms + 80 && out <= ms + 110)).toBe(true);
    expect(outMs).toEqual(outMs.toSorted((a, b) => a - b));
  });

  it('lets packets wait for the line, and drops what would wait too long', () => {
    // 100 bytes and headers are 1024 bits: 16 ms on a line of 64 kbit/s.
    const direction = new SlowDirection({ ...perfect, rateKbps: 64 }, createRandom(1));
    const outMs = Array.from({ length: 100 }, () => direction.admit(100, 0));
    expect(outMs.slice(0, 3)).toEqual([16, 32, 48]);
    expect(outMs.filter((out) => out !== null)).toHaveLength(16);
    expect(direction.admit(100, 300)).toBe(316);
  });
});
