import { describe, expect, it, vi } from 'vitest';
import { addBehaviours, describeBehaviour, isStill, NO_BEHAVIOUR } from './behaviour.ts';
import { AudienceActivity } from './AudienceActivity.ts';
import type { ListenerState } from './Listener.ts';

const NOTHING = { churnPct: 0, reconnectPct: 0, reactionsPerS: 0, handsPerMinute: 0 };
const MINUTE_MS = 60_000;

class FakeListener {
  state: ListenerState = { kind: 'listening' };
  asked: string[] = [];
  refuses = false;
  readonly signaling = {
    request: async (name: string) => {
      this.asked.push(name);
      if (this.refuses) throw new Error('RATE_LIMITED');
    },
  } as never;

  leave(): void {
    this.asked.push('leave');
    this.state = { kind: 'away' };
  }

  async comeBack(): Promise<number> {
    this.state = { kind: 'listening' };
    return 30;
  }

  async reconnect(): Promise<'kept'> {
    this.asked.push('reconnect');
    return 'kept';
  }
}

async function bustleFor(minutes: number, plan: Partial<typeof NOTHING>, listeners = audience(100), share = 1) {
  vi.useFakeTimers();
  try {
    const activity = new AudienceActivity(listeners, { ...NOTHING, ...plan }, share, 7);
    await vi.advanceTimersByTimeAsync(minutes * MINUTE_MS);
    await activity.stop();
    return { counts: activity.counts(), listeners };
  } finally {
    vi.useRealTimers();
  }
}

function audience(count: number): FakeListener[] {
  return Array.from({ length: count }, () => new FakeListener());
}

describe('the activity of an audience', () => {
  it('lets the asked share leave in a minute, and everyone is back at the end', async () => {
    const { counts, listeners } = await bustleFor(10, { churnPct: 10 });
    // A Poisson count of mean 100: beyond four standard deviations in one of ten thousand seeds.
    expect(counts.left).toBeGreaterThan(60);
    expect(counts.left).toBeLessThan(140);
    expect(counts.returned).toBe(counts.left);
    expect(counts.returnMs).toHaveLength(counts.left);
    expect(listeners.every(({ state }) => state.kind === 'listening')).toBe(true);
  });

  it('cuts connections, and says who kept their media', async () => {
    const { counts } = await bustleFor(5, { reconnectPct: 20 });
    expect(counts.cut).toBeGreaterThan(50);
    expect(counts).toMatchObject({ kept: counts.cut, rebuilt: 0 });
  });

  it('takes its share of reactions and hands, and lowers every hand that it raised', async () => {
    const { counts, listeners } = await bustleFor(5, { reactionsPerS: 2, handsPerMinute: 20 }, audience(50), 0.5);
    expect(counts.reactions).toBeGreaterThan(200);
    expect(counts.reactions).toBeLessThan(400);
    const asked = listeners.flatMap((listener) => listener.asked);
    expect(counts.hands).toBe(asked.filter((name) => name === 'hand:raise').length);
    expect(asked.filter((name) => name === 'hand:lower')).toHaveLength(counts.hands);
  });

  it('counts refusals, and never asks a listener who is away', async () => {
    const listeners = audience(2);
    listeners[0]!.refuses = true;
    listeners[1]!.state = { kind: 'failed', reason: 'socket:lost' };
    const { counts } = await bustleFor(1, { reactionsPerS: 1 }, listeners);
    expect(counts.refused).toBeGreaterThan(0);
    expect(counts.reactions).toBe(0);
    expect(listeners[1]!.asked).toEqual([]);
  });

  it('does the same again for the same seed', async () => {
    const plan = { churnPct: 10, reconnectPct: 5, reactionsPerS: 1 };
    expect((await bustleFor(3, plan)).counts).toEqual((await bustleFor(3, plan)).counts);
  });
});

describe('what was done', () => {
  it('adds up over processes', () => {
    const one = { ...NO_BEHAVIOUR, left: 2, returned: 1, returnMs: [10] };
    const sum = addBehaviours([one, { ...one, returnMs: [30] }]);
    expect(sum).toMatchObject({ left: 4, returned: 2, returnMs: [10, 30] });
    expect(describeBehaviour(sum, 3)).toMatchObject({ left: 4, mutes: 3, returnMs: { p50: 10, p95: 30 } });
  });

  it('is nothing where nothing was asked for', () => {
    expect(isStill(NOTHING)).toBe(true);
    expect(isStill({ ...NOTHING, handsPerMinute: 1 })).toBe(false);
  });
});
