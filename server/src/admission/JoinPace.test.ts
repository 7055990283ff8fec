import { expect, it } from 'vitest';
import { JoinPace } from './JoinPace.ts';

it('lets in so many per second, two seconds of them at once, and counts only those who got in', () => {
  let nowMs = 0;
  const pace = new JoinPace({ perS: 5, share: 1, perAddressS: 100, now: () => nowMs });
  const come = (count: number) => Array.from({ length: count }, () => pace.take('here')).filter(Boolean).length;
  expect(come(50)).toBe(10);
  expect(come(50)).toBe(0);
  nowMs += 1000;
  expect(come(50)).toBe(5);
  nowMs += 60_000;
  for (let i = 0; i < 50; i++) if (pace.take('here')) pace.giveBack('here');
  expect(come(50)).toBe(10);
});

it('a crowd from one address leaves others their way in', () => {
  let nowMs = 0;
  const pace = new JoinPace({ perS: 100, share: 0.5, perAddressS: 100, now: () => nowMs });
  let [crowd, others] = [0, 0];
  for (; nowMs < 10_000; nowMs += 1) {
    if (pace.take('crowd')) crowd += 1;
    if (nowMs % 25 === 0 && pace.take(`home-${nowMs}`)) others += 1;
  }
  expect(others).toBe(400);
  expect(crowd).toBeGreaterThan(400);
});

it('an address sends in no more in a second than it may', () => {
  const pace = new JoinPace({ perS: 100, share: 0.5, perAddressS: 5, now: () => 0 });
  const come = (address: string) => Array.from({ length: 50 }, () => pace.take(address)).filter(Boolean).length;
  expect(come('crowd')).toBe(10);
  expect(come('home')).toBe(10);
});
