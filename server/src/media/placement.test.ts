import { describe, expect, it } from 'vitest';
import { choosePacketMs, placeListener, planWorkers } from './placement.ts';

describe('the plan of the workers', () => {
  it('has one worker do everything where there is one', () => {
    expect(planWorkers(1)).toEqual({ stage: [0], audience: [0] });
  });

  it('keeps stages apart from audiences where there are two or more, and most workers for audiences', () => {
    expect(planWorkers(2)).toEqual({ stage: [0], audience: [1] });
    expect(planWorkers(3)).toEqual({ stage: [0], audience: [1, 2] });
    expect(planWorkers(8)).toEqual({ stage: [0, 1], audience: [2, 3, 4, 5, 6, 7] });
  });
});

describe('the place of a listener', () => {
  const loads = (...listeners: number[]) => listeners.map((count, index) => ({ index, listeners: count }));

  it('is the worker with the fewest listeners', () => {
    expect(placeListener(loads(5, 2, 9), new Set())?.index).toBe(1);
  });

  it('is a worker that has the room already, as long as that one is hardly busier', () => {
    expect(placeListener(loads(5, 2, 9), new Set([0, 2]))?.index).toBe(0);
  });

  it('is another worker once those that have the room are busier', () => {
    expect(placeListener(loads(40, 2, 30), new Set([0, 2]))?.index).toBe(1);
  });

  it('is no worker while none runs', () => {
    expect(placeListener([], new Set([0]))).toBeNull();
  });

  it('spreads a large room evenly', () => {
    const counts = [0, 0, 0];
    const present = new Set<number>();
    for (let i = 0; i < 3000; i++) {
      const worker = placeListener(loads(...counts), present)!;
      counts[worker.index]!++;
      present.add(worker.index);
    }
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(16);
  });
});

describe('the sound in a packet to listeners', () => {
  it('is 120 ms from 500 listeners of a worker on, and 60 ms below', () => {
    expect([0, 1, 499, 500, 5000].map((listeners) => choosePacketMs(60, listeners))).toEqual([60, 60, 60, 120, 120]);
  });

  it('stays as it is while a few come and go', () => {
    expect([499, 350, 349, 0].map((listeners) => choosePacketMs(120, listeners))).toEqual([120, 120, 60, 60]);
  });
});
