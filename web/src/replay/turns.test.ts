import { expect, test } from 'vitest';
import { nextTurn, previousTurn, speakersAt, talksOf, silenceEndAt, silencesOf } from './turns.ts';

const people = ['ada', 'bob', 'cleo'].map((userId) => ({ userId, name: userId }));
const turns = [
  { person: 0, fromMs: 0, toMs: 10_000 },
  { person: 1, fromMs: 9000, toMs: 20_000 },
  { person: 0, fromMs: 22_000, toMs: 30_000 },
];

test('The next speaker is the first who begins later and does not speak already', () => {
  expect(nextTurn(turns, 5000)).toBe(turns[1]);
  expect(nextTurn(turns, 9500)).toBe(null);
  expect(nextTurn(turns, 15_000)).toBe(turns[2]);
  expect(nextTurn(turns, 25_000)).toBe(null);
});

test('The previous speaker is who speaks now, from the beginning, or the one before where that has just begun', () => {
  expect(previousTurn(turns, 15_000)).toBe(turns[1]);
  expect(previousTurn(turns, 23_000)).toBe(turns[1]);
  expect(previousTurn(turns, 1000)).toBe(null);
});

test('Two who speak at once are both named', () => {
  expect(speakersAt({ turns, people }, 9500).map(({ name }) => name)).toEqual(['ada', 'bob']);
  expect(speakersAt({ turns, people }, 21_000)).toEqual([]);
});

test('Those who spoke are listed with their time, the longest first, and the silent not at all', () => {
  expect(talksOf({ turns, people })).toEqual([
    { person: people[0], ms: 18_000, firstMs: 0 },
    { person: people[1], ms: 11_000, firstMs: 9000 },
  ]);
});

test('a silence is skipped but for a moment at both of its ends, and a pause in what is said is not', () => {
  const turns = [
    { person: 0, fromMs: 5000, toMs: 9000 },
    { person: 1, fromMs: 6000, toMs: 7000 },
    { person: 1, fromMs: 10_000, toMs: 12_000 },
  ];
  const silences = silencesOf(turns, 20_000);
  expect(silences).toEqual([
    { fromMs: 0, toMs: 5000 },
    { fromMs: 12_000, toMs: 20_000 },
  ]);
  expect(silenceEndAt(silences, 100)).toBeNull();
  expect(silenceEndAt(silences, 400)).toBe(4700);
  expect(silenceEndAt(silences, 4600)).toBeNull();
  expect(silenceEndAt(silences, 8000)).toBeNull();
  expect(silenceEndAt(silences, 13_000)).toBe(19_700);
});
