import { expect, it } from 'vitest';
import { OwnClock } from './OwnClock.ts';

it('a clock of the process goes on while it runs, and stands still while it does not', () => {
  let nowMs = 1000;
  const clock = new OwnClock(() => nowMs);
  const startMs = clock.now();
  for (let beats = 0; beats < 10; beats++) {
    nowMs += 10;
    clock.beat();
  }
  expect(clock.now() - startMs).toBe(100);
  nowMs += 500;
  expect(clock.now() - startMs).toBe(110);
  clock.beat();
  nowMs += 5;
  expect(clock.now() - startMs).toBe(115);
});
