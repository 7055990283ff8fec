import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MixClock, type MixReceiver } from '../media/MixClock.ts';
import { Alignment } from './Alignment.ts';
import type { LiveSound } from './LiveSound.ts';

const LOOK_MS = 100;
/** What NetEq stretches at most. */
const STRETCH = 0.1;

/** Both ways of one mix: what each plays is moved on by `pass()`. */
class Mix {
  httpLagMs: number;
  rtcLagMs: number;
  rate = 1;
  readonly receiver: MixReceiver;
  readonly sound: LiveSound;

  constructor({ httpLagMs, canDelay }: { httpLagMs: number; canDelay: boolean }) {
    this.httpLagMs = httpLagMs;
    this.rtcLagMs = 60;
    const position = (lagMs: number) => Date.now() - lagMs;
    this.receiver = {
      getSynchronizationSources: () => [
        {
          rtpTimestamp: (position(this.rtcLagMs) * 48) % 2 ** 32,
          timestamp: performance.timeOrigin + performance.now(),
        },
      ],
      ...(canDelay && { jitterBufferTarget: null }),
    };
    const mix = this as Mix;
    this.sound = {
      get positionMs() {
        return position(mix.httpLagMs);
      },
      seek: () => undefined,
      setRate: (rate) => void (this.rate = rate ?? 1),
      close: () => undefined,
    };
  }

  pass(): void {
    const target = this.receiver.jitterBufferTarget ?? 60;
    const step = STRETCH * LOOK_MS;
    this.rtcLagMs += Math.max(-step, Math.min(step, target - this.rtcLagMs));
    this.httpLagMs += (1 - this.rate) * LOOK_MS;
    vi.advanceTimersByTime(LOOK_MS);
  }
}

/** @returns the jump, and after how many seconds */
function align(mix: Mix, { loud = (): boolean => true, limitS = 60 } = {}): { jumpMs: number; afterS: number } {
  const alignment = new Alignment(mix.sound, new MixClock(mix.receiver), mix.httpLagMs);
  for (let looks = 1; looks < (limitS * 1000) / LOOK_MS; looks++) {
    mix.pass();
    const jumpMs = alignment.look(loud());
    if (jumpMs !== null) return { jumpMs, afterS: (looks * LOOK_MS) / 1000 };
  }
  throw new Error('Never aligned');
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('where WebRTC can be delayed', () => {
  it.each([1200, 1900, 3500])('the two meet in the same moment, %s ms late', (httpLagMs) => {
    const mix = new Mix({ httpLagMs, canDelay: true });
    const { jumpMs, afterS } = align(mix);
    expect(Math.abs(jumpMs)).toBeLessThan(20);
    expect(afterS).toBeLessThan((httpLagMs / 1000) * 12);
  });

  it('HTTP has not to hurry, since what it would need is not there yet', () => {
    const mix = new Mix({ httpLagMs: 1500, canDelay: true });
    align(mix);
    expect(mix.httpLagMs).toBeGreaterThanOrEqual(1500);
  });
});

describe('where WebRTC cannot be delayed', () => {
  it('one changes in a pause of what one hears, and knows how much is skipped', () => {
    const mix = new Mix({ httpLagMs: 2000, canDelay: false });
    const startedAt = Date.now();
    // Somebody pauses for half a second, which is heard over HTTP two seconds later.
    const loud = () => Date.now() - startedAt < 1000 || Date.now() - startedAt > 1500;
    const { jumpMs, afterS } = align(mix, { loud });
    expect(jumpMs).toBeGreaterThan(1800);
    expect(afterS).toBeGreaterThan(2.9);
    expect(afterS).toBeLessThan(3.6);
  });

  it('and without a pause in the end all the same', () => {
    expect(align(new Mix({ httpLagMs: 2000, canDelay: false })).afterS).toBeLessThan(10);
  });
});
