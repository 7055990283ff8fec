import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FULL, type ListenerKind } from './kinds.ts';
import type { ListenerState } from '../people/Listener.ts';
import { NO_COUNTS } from './stats.ts';
import { everyone, heardFromServer, mergeWindows, SteadyWindow } from './SteadyWindow.ts';
import { NO_QUALITY, type Quality } from './StreamQuality.ts';

const PACKETS_PER_SECOND = 50;

/** Hears 50 packets a second, of which some are lost on the way, until the sound stops. */
class FakeListener {
  state: ListenerState = { kind: 'listening' };
  readonly kind: ListenerKind;
  readonly room = 0;
  jitterMs = 1;
  mediaRestarts = 0;
  absentMs = 0;
  lastAudioMs: number | null = performance.now();
  #received = 1000;
  #expected = 1000;

  constructor(kind: ListenerKind = FULL) {
    this.kind = kind;
  }

  takeQuality(): Quality {
    return NO_QUALITY;
  }

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
    const result = window.close();
    expect(result).toMatchObject({ seconds: 10, restarted: 0 });
    expect(heardFromServer(result)).toMatchObject({
      listeners: 2,
      counts: { received: 900, expected: 1000 },
      lost: 100,
    });
  });

  it('measures only those who were listening when it began', () => {
    const late = new FakeListener();
    late.state = { kind: 'joining' };
    expect(everyone(new SteadyWindow([late, new FakeListener()]).close()).listeners).toBe(1);
  });

  it('fails a listener who stopped hearing, and counts what they missed as lost', () => {
    const [well, stalled] = [new FakeListener(), new FakeListener()];
    const window = new SteadyWindow([well, stalled]);
    vi.advanceTimersByTime(4000);
    stalled.hear(4);
    vi.advanceTimersByTime(6000);
    well.hear(10);
    expect(heardFromServer(window.close()).lost).toBe(6 * PACKETS_PER_SECOND);
    expect(stalled.state).toEqual({ kind: 'failed', reason: 'stalled' });
    expect(well.state).toEqual({ kind: 'listening' });
  });

  it('measures a listener who heard nothing at all by what others heard', () => {
    const [well, silent] = [new FakeListener(), new FakeListener()];
    const window = new SteadyWindow([well, silent]);
    vi.advanceTimersByTime(10_000);
    well.hear(10);
    expect(heardFromServer(window.close()).lost).toBe(10 * PACKETS_PER_SECOND);
  });

  it('counts the silence of a listener who stopped hearing as a gap', () => {
    const stalled = new FakeListener();
    const window = new SteadyWindow([stalled]);
    vi.advanceTimersByTime(4000);
    stalled.hear(4);
    vi.advanceTimersByTime(6000);
    expect(window.close().groups.full).toMatchObject({ gaps: [1], longestGapMs: [6000] });
  });

  it('tells whose media was built anew', () => {
    const listener = new FakeListener();
    listener.mediaRestarts = 2;
    const window = new SteadyWindow([listener]);
    listener.mediaRestarts = 3;
    expect(window.close().restarted).toBe(1);
  });

  it('keeps listeners behind a slow network apart, over several processes too', () => {
    const network = { lossShare: 0.2, delayMs: 0, jitterMs: 0, rateKbps: null };
    const hearAll = () => {
      const listeners = [
        new FakeListener(),
        new FakeListener({ ...FULL, isFull: false }),
        new FakeListener({ ...FULL, slow: network }),
      ];
      const window = new SteadyWindow(listeners);
      vi.advanceTimersByTime(10_000);
      for (const listener of listeners) listener.hear(10, listener.kind.slow ? 0.2 : 0);
      return window.close();
    };
    const merged = mergeWindows([hearAll(), hearAll()]);
    expect(merged.groups).toMatchObject({
      light: { listeners: 2, lost: 0 },
      full: { listeners: 2, lost: 0 },
      slow: { listeners: 2, lost: 200, counts: { received: 800 } },
    });
    expect(heardFromServer(merged)).toMatchObject({ listeners: 4, lost: 0 });
    expect(everyone(merged)).toMatchObject({ listeners: 6, lost: 200 });
    expect(Math.max(...merged.groups.slow.mos)).toBeLessThan(Math.min(...merged.groups.light.mos));
  });
});
