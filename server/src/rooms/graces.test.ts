import { expect, it } from 'vitest';
import { AbsenceTimer } from './graces.ts';

it('measures from when somebody was first missing, and starts anew when they were back', () => {
  let now = 0;
  const timer = new AbsenceTimer(() => now);
  timer.update(new Set(['ada', 'bob']), false);
  now = 4000;
  timer.update(new Set(['ada']), false);
  expect([...timer.missingMs]).toEqual([['ada', 4000]]);
  timer.update(new Set(['ada', 'bob']), false);
  now = 5000;
  expect([...timer.missingMs]).toEqual([
    ['ada', 5000],
    ['bob', 1000],
  ]);
});

it('measures how long nobody has been here', () => {
  let now = 0;
  const timer = new AbsenceTimer(() => now);
  timer.update(new Set(), true);
  now = 3000;
  timer.update(new Set(), true);
  expect(timer.emptyMs).toBe(3000);
  timer.update(new Set(), false);
  expect(timer.emptyMs).toBeNull();
});
