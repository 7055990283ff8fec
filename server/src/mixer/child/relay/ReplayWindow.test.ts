import { beforeEach, describe, expect, it } from 'vitest';
import { ReplayWindow } from './ReplayWindow.ts';

describe('ReplayWindow', () => {
  let window: ReplayWindow;
  beforeEach(() => {
    window = new ReplayWindow();
  });

  /** Those of a sequence that are taken. */
  function take(...counters: number[]): number[] {
    return counters.filter((counter) => {
      const isNew = window.isNew(counter);
      if (isNew) window.add(counter);
      return isNew;
    });
  }

  it('takes each packet once, in whatever order they come', () => {
    expect(take(0, 2, 1, 2, 1, 0, 5, 3, 5)).toEqual([0, 2, 1, 5, 3]);
  });

  it('takes a packet that is 63 late, and none that is later', () => {
    expect(take(100, 37, 37, 36)).toEqual([100, 37]);
  });

  it('goes on after a gap of any size', () => {
    expect(take(1, 1_000_000, 1, 999_999, 1_000_000, 4_294_967_295)).toEqual([1, 1_000_000, 999_999, 4_294_967_295]);
  });

  it('begins with whatever comes first', () => {
    expect(take(7000, 7000, 6999)).toEqual([7000, 6999]);
  });
});
