import { expect, it } from 'vitest';
import { AbsenceTimer, endsInS, readGraces } from './graces.ts';

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

it('measures how long nobody could lead, and goes on from what another node says', () => {
  let now = 0;
  const timer = new AbsenceTimer(() => now);
  timer.updateLeaders(true, 0);
  now = 3000;
  expect(timer.leaderlessMs).toBe(3000);
  timer.updateLeaders(true, 60_000);
  now = 4000;
  timer.updateLeaders(true, 0);
  expect(timer.leaderlessMs).toBe(61_000);
  timer.updateLeaders(false, 61_000);
  expect(timer.leaderlessMs).toBeNull();
});

it.each([
  [null, null],
  [0, null],
  [1_499_000, null],
  [1_500_000, 300],
  [1_799_500, 1],
  [1_801_000, 0],
])('after %s ms without anybody who could lead, everyone is told %s s', (leaderlessMs, seconds) => {
  const graces = readGraces({ STAGE_GRACE_S: 30, HOST_GRACE_S: 60, EMPTY_ROOM_S: 300, LEADERLESS_ROOM_S: 1800 });
  expect(endsInS(leaderlessMs, graces)).toBe(seconds);
});
