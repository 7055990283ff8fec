import { describe, expect, it } from 'vitest';
import { FloodBudget } from './FloodGuard.ts';

const BITS = 8 * 120;

/** Readings a second apart. @returns the second in which it was a flood; null when it never was */
function floodAt(packetsPerSecond: readonly number[], bitsPerPacket = BITS): number | null {
  const budget = new FloodBudget();
  const at = packetsPerSecond.findIndex((packets) => !budget.spend(packets, packets * bitsPerPacket, 1));
  return at < 0 ? null : at;
}

const seconds = (count: number, packets: number) => Array.from({ length: count }, () => packets);

describe('what a speaker sends is no flood', () => {
  it.each([
    ['a voice in packets of 20 ms', seconds(3600, 50)],
    ['a voice in packets of 10 ms', seconds(3600, 100)],
    [
      '8 s of a voice that come in two seconds, after a stall of the network',
      [...seconds(30, 50), ...seconds(8, 0), 225, 225],
    ],
    ['8 s of a voice that come at once', [...seconds(30, 50), ...seconds(8, 0), 450, 50]],
    ['a network that stands still again and again', seconds(60, 0).flatMap(() => [0, 0, 0, 200])],
    ['what came over a slow line, when it is fast again', [...seconds(20, 25), 300, 300, ...seconds(60, 50)]],
  ])('%s', (_, packets) => {
    expect(floodAt(packets)).toBeNull();
  });

  it('8 s of music at 128 kbit/s that come in two seconds', () => {
    expect(floodAt([...seconds(30, 50), ...seconds(8, 0), 225, 225], 128_000 / 50)).toBeNull();
  });
});

describe('what a speaker sends is a flood', () => {
  it.each([
    ['1000 packets in a second, in the first', seconds(10, 1000), 0],
    ['500 packets in a second, in the second', seconds(10, 500), 1],
    ['200 packets in a second, in the eighth', seconds(60, 200), 7],
    ['125 packets in a second, after two minutes', seconds(600, 125), 120],
    ['a flood after a minute of nothing, as soon as any other', [...seconds(60, 0), ...seconds(10, 1000)], 60],
    ['a flood every few seconds', seconds(60, 0).flatMap(() => [0, 1200]), 1],
  ])('%s', (_, packets, at) => {
    expect(floodAt(packets)).toBe(at);
  });

  it('packets as many as of a voice, and ten times as large', () => {
    expect(floodAt(seconds(60, 50), 10 * 960)).toBe(3);
  });
});
