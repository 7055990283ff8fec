import { describe, expect, it, vi } from 'vitest';
import { Quota } from './Quota.ts';

describe('what one socket may ask', () => {
  it('[AB5] is bounded for everything together, and closer for what costs more', () => {
    const quota = new Quota(() => undefined);
    const taken = (name: Parameters<Quota['take']>[0], times: number) =>
      Array.from({ length: times }, () => quota.take(name)).filter(Boolean).length;
    expect(taken('transport:create', 20)).toBe(8);
    expect(taken('stage:setMuted', 100)).toBe(40);
  });

  it('[AB5] is a rate of its own for what looks at everybody or asks other nodes', () => {
    for (const name of ['audience:list', 'ban:list', 'room:health', 'stage:invite', 'peer:ban'] as const) {
      const quota = new Quota(() => undefined);
      const taken = Array.from({ length: 50 }, () => quota.take(name)).filter(Boolean).length;
      expect(taken, name).toBeLessThanOrEqual(20);
    }
  });

  it('[AB5] tells once when no person can be behind it', () => {
    const onExhausted = vi.fn<() => void>();
    const quota = new Quota(onExhausted);
    for (let i = 0; i < 3000; i++) quota.take('hand:raise');
    expect(onExhausted).toHaveBeenCalledOnce();
  });
});
