import { expect, test } from 'vitest';
import { HttpAudience } from './HttpAudience.ts';

/** Listeners who do as they are asked: a beacon each 30 s, each with the probability that they were told. */
function run({
  listeners,
  seconds,
  comingS,
  leaveAtS = Infinity,
}: {
  listeners: number;
  seconds: number;
  comingS: number;
  leaveAtS?: number;
}) {
  let nowMs = 0;
  let beacons = 0;
  const audience = new HttpAudience(Infinity, () => nowMs);
  const perS: { count: number; beacons: number; part: number }[] = [];
  for (let s = 0; s < seconds; s++) {
    nowMs = s * 1000 + 500;
    const { part, everyS } = audience.request;
    beacons = 0;
    for (let id = 0; id < listeners && s < leaveAtS; id++) {
      if (s % everyS !== id % comingS || Math.random() >= part) continue;
      audience.take(part, 'network');
      beacons += 1;
    }
    perS.push({ count: audience.count, beacons, part });
  }
  return perS;
}

test('Everyone is counted within a few seconds, and those who leave are not any more after half a minute', () => {
  const perS = run({ listeners: 50, seconds: 120, comingS: 5, leaveAtS: 60 });
  for (const { count } of perS.slice(4, 58)) expect(Math.abs(count - 50)).toBeLessThan(10);
  expect(perS.at(-1)!.count).toBe(0);
});

test('Of very many, a part says that it listens: enough for the count to be right to a few percent', () => {
  const listeners = 20_000;
  const perS = run({ listeners, seconds: 200, comingS: 30 }).slice(100);
  for (const { count, part } of perS) {
    expect(Math.abs(count - listeners) / listeners).toBeLessThan(0.2);
    expect(part).toBeLessThanOrEqual(1 / 8);
  }
  expect(perS.reduce((sum, { beacons }) => sum + beacons, 0) / 100).toBeLessThan(100);
});

test('An address cannot say that it is more than it may be, nor stand for more than it was asked to', () => {
  const audience = new HttpAudience(10, () => 0);
  for (let n = 0; n < 100; n++) audience.take(1, 'school');
  expect(audience.count).toBe(10);
  audience.take(0.01, 'liar');
  expect(audience.count).toBe(10);
});

test('An address whose beacons always claim the most that is believed counts for so many and no more', () => {
  let nowMs = 0;
  const audience = new HttpAudience(500, () => nowMs);
  for (let second = 0; second < 600; second++) {
    nowMs = second * 1000;
    for (let n = 0; n < 1000; n++) audience.take(audience.request.part / 16, 'liar');
  }
  // Of each of the seven spans of 5 s.
  expect(audience.count).toBeLessThanOrEqual(7 * 16 * 500);
});

test('However many say so, the count is a number that a report can carry', () => {
  const audience = new HttpAudience(Infinity, () => 0);
  for (let n = 0; n < 100_000; n++) audience.take(audience.request.part / 16, String(n % 7));
  expect(audience.count).toBe(100_000_000);
  expect(audience.request.part).toBeGreaterThan(0);
});
