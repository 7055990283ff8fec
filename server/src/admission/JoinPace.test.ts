import { expect, it } from 'vitest';
import { JoinPace } from './JoinPace.ts';

it('lets in so many per second, two seconds of them at once, and counts only those who got in', () => {
  let nowMs = 0;
  const pace = new JoinPace(5, () => nowMs);
  const come = (count: number) => Array.from({ length: count }, () => pace.take()).filter(Boolean).length;
  expect(come(50)).toBe(10);
  expect(come(50)).toBe(0);
  nowMs += 1000;
  expect(come(50)).toBe(5);
  nowMs += 60_000;
  for (let i = 0; i < 50; i++) if (pace.take()) pace.giveBack();
  expect(come(50)).toBe(10);
});
