import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ListenerState } from './Listener.ts';
import { NO_COUNTS } from './stats.ts';
import { SteadyWindow } from './SteadyWindow.ts';

const PACKETS_PER_SECOND = 50;

/** Hears 50 packets a second, of which some are lost on the way, until the sound stops. */
class FakeListener {
  state: ListenerState = { kind: 'listening' };
  jitterMs = 1;
  mediaRestarts = 0;
  lastAudioMs: number | null = performance.now();
  #received = 1000;
  #expected = 1000;

  hear(seconds: number, lostShare = 0): void {
    this.#expected += seconds * PACKETS_PER_SECOND;
    this.#received += seconds * PACKETS_PER_SECOND * (1 - lostShare);
    this.lastAudioMs = performance.now();
  }

  counts() {
    return { ...NO_COUNTS, received: this.#received, expected: this.#expected };
  }

  fail(reason: string): void {
    this.state = { kind: 'failed', reason };
  }
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('the steady window', () => {
  it('leaves out what came before it', () => {
    const listeners = [new FakeListener(), new FakeListener()];
    const window = new SteadyWindow(listeners);
    vi.advanceTimersByTime(10_000);
    for (const listener of listeners) listener.hear(10, 0.1);
    expect(window.close()).toMatchObject({
      seconds: 10,
      listeners: 2,
      counts: { received: 900, expected: 1000 },
      lost: 100,
      restarted: 0,
    });
  });

  it('measures only those who were listening when it began', () => {
    const late = new FakeListener();
    late.state = { kind: 'joining' };
    expect(new SteadyWindow([late, new FakeListener()]).close().listeners).toBe(1);
  });

  it('fails who stopped hearing, and counts what they missed as lost', () => {
    const [well, stalled] = [new FakeListener(), new FakeListener()];
    const window = new SteadyWindow([well, stalled]);
    vi.advanceTimersByTime(4000);
    stalled.hear(4);
    vi.advanceTimersByTime(6000);
    well.hear(10);
    expect(window.close().lost).toBe(6 * PACKETS_PER_SECOND);
    expect(stalled.state).toEqual({ kind: 'failed', reason: 'stalled' });
    expect(well.state).toEqual({ kind: 'listening' });
  });

  it('measures who heard nothing at all by what others heard', () => {
    const [well, silent] = [new FakeListener(), new FakeListener()];
    const window = new SteadyWindow([well, silent]);
    vi.advanceTimersByTime(10_000);
    well.hear(10);
    expect(window.close().lost).toBe(10 * PACKETS_PER_SECOND);
  });

  it('tells whose media was built anew', () => {
    const listener = new FakeListener();
    listener.mediaRestarts = 2;
    const window = new SteadyWindow([listener]);
    listener.mediaRestarts = 3;
    expect(window.close().restarted).toBe(1);
  });
});
