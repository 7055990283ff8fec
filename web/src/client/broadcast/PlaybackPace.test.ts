import { expect, it } from 'vitest';
import { PlaybackPace } from './PlaybackPace.ts';

const LOOKS_PER_S = 4;

/** Plays for some seconds what comes once a second. @returns the rate at each second, and what was ahead before each arrival */
function play(pace: PlaybackPace, { seconds, reserveS }: { seconds: number; reserveS: number }) {
  let aheadS = reserveS;
  let nowMs = 0;
  const rates: number[] = [];
  const reserves: number[] = [];
  for (let second = 0; second < seconds; second++) {
    reserves.push(aheadS);
    aheadS += 1;
    for (let look = 0; look < LOOKS_PER_S; look++) {
      const rate = pace.next(aheadS, nowMs);
      aheadS -= rate / LOOKS_PER_S;
      nowMs += 1000 / LOOKS_PER_S;
      if (look === 0) rates.push(rate);
    }
  }
  return { rates, reserves };
}

it('plays at its own pace while the reserve is as it should be', () => {
  expect(new Set(play(new PlaybackPace(), { seconds: 20, reserveS: 0.4 }).rates)).toEqual(new Set([1]));
});

it.each([
  ['far behind, it hurries a little until it has caught up', 2.4, 1.05],
  ['with too little left, it slows down until there is enough', 0.05, 0.95],
])('%s', (_what, reserveS, rate) => {
  const pace = new PlaybackPace();
  if (rate < 1) pace.handleStall();
  const { rates, reserves } = play(pace, { seconds: 60, reserveS });
  expect(new Set(rates)).toEqual(new Set([1, rate]));
  expect(rates.at(-1)).toBe(1);
  expect(Math.abs(reserves.at(-1)! - pace.wantedS)).toBeLessThan(0.5);
});

it('wants more in reserve after each stall, up to an end', () => {
  const pace = new PlaybackPace();
  const before = pace.wantedS;
  pace.handleStall();
  expect(pace.wantedS).toBeGreaterThan(before);
  for (let stalls = 0; stalls < 50; stalls++) pace.handleStall();
  expect(pace.wantedS).toBeLessThan(5);
});
