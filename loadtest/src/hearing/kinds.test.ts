import { describe, expect, it } from 'vitest';
import { groupOf, planKinds } from './kinds.ts';

const network = { lossShare: 0.1, delayMs: 0, jitterMs: 0, rateKbps: null };

function sizes(...of: Parameters<typeof planKinds>) {
  const groups = planKinds(...of).map(groupOf);
  return Object.fromEntries(
    ['light', 'full', 'slow'].map((group) => [group, groups.filter((g) => g === group).length]),
  );
}

describe('planKinds', () => {
  it('makes exactly as many of each as asked', () => {
    expect(sizes({ listeners: 100, full: 10, slow: null, seed: 1 })).toEqual({ light: 90, full: 10, slow: 0 });
    const kinds = planKinds({ listeners: 100, full: 30, slow: { share: 0.2, network }, seed: 1 });
    expect(kinds.filter(({ isFull }) => isFull)).toHaveLength(30);
    expect(kinds.filter(({ slow }) => slow)).toHaveLength(20);
  });

  it('has somebody behind a slow network wherever one is asked for', () => {
    expect(sizes({ listeners: 3, full: 0, slow: { share: 0.1, network }, seed: 1 }).slow).toBe(1);
    expect(sizes({ listeners: 3, full: 3, slow: { share: 1, network }, seed: 1 }).slow).toBe(3);
  });

  it('draws the same for the same seed', () => {
    const plan = { listeners: 50, full: 10, slow: { share: 0.2, network }, seed: 7 };
    expect(planKinds(plan)).toEqual(planKinds(plan));
    expect(planKinds(plan)).not.toEqual(planKinds({ ...plan, seed: 8 }));
  });
});
