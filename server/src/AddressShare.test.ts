import { describe, expect, it } from 'vitest';
import { AddressShare, mayHoldOneMore } from './AddressShare.ts';

const CAPACITY = 1000;

/** How many of so many places each of some addresses comes to hold when all take what they can, one of them after the other. */
function fill(share: number, addresses: number, atLeast = 0, capacity = CAPACITY): number[] {
  const held = Array.from({ length: addresses }, () => 0);
  let free = capacity;
  for (const address of held.keys()) {
    for (; mayHoldOneMore({ capacity, share, atLeast }, held[address]!, free); free--) held[address]! += 1;
  }
  return held;
}

describe('what one address may hold', () => {
  it('is its share of the whole while it is alone', () => {
    expect(fill(0.5, 1)).toEqual([500]);
    expect(fill(0.75, 1)).toEqual([750]);
  });

  it('is everything where the share is 1', () => {
    expect(fill(1, 1)).toEqual([1000]);
  });

  it('is little of the last fifth, so that it takes many addresses to fill it all', () => {
    const held = fill(0.5, 17, 3);
    const left = CAPACITY - held.reduce((sum, each) => sum + each, 0);
    expect(held.slice(0, 3)).toEqual([500, 250, 50]);
    expect(left).toBe(200 - 14 * 3);
    const toFill = fill(0.5, 1000, 3).filter((each) => each > 0).length;
    expect(toFill).toBeGreaterThan(60);
  });

  it('is no less than what a household needs, as long as there is any left', () => {
    expect(fill(0.5, 1, 10, 12)).toEqual([10]);
    expect(fill(0.5, 1, 10, 8)).toEqual([8]);
  });
});

it('a place that is let go counts no longer, and one that moves counts where it is', () => {
  const share = new AddressShare({ capacity: 1, share: 0.5, atLeast: 1 });
  share.hold('ann', 'school');
  expect(share.mayHoldOneMore('school', 1)).toBe(false);
  share.hold('ann', 'phone');
  expect(share.mayHoldOneMore('school', 1)).toBe(true);
  expect(share.mayHoldOneMore('phone', 1)).toBe(false);
  share.letGo('ann');
  share.letGo('ann');
  expect(share.mayHoldOneMore('phone', 1)).toBe(true);
});
