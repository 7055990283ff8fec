import { expect, it } from 'vitest';
import { bubblesOf } from './reactionBubbles.ts';
import { seatRows } from './seatRows.ts';

it('a few reactions are all seen', () => {
  expect(bubblesOf({ heart: 2, clap: 1 }).map(({ kind }) => kind)).toEqual(['heart', 'heart', 'clap']);
});

it('a crowd is bounded, and no kind is lost in it', () => {
  const bubbles = bubblesOf({ heart: 5000, clap: 3000, wave: 1 });
  expect(bubbles.length).toBeLessThanOrEqual(15);
  expect(new Set(bubbles.map(({ kind }) => kind))).toEqual(new Set(['heart', 'clap', 'wave']));
});

it('no reactions are no bubbles', () => {
  expect(bubblesOf({})).toEqual([]);
});

it('rows of seats grow backwards and lose nobody of the sample that fits', () => {
  const rows = seatRows(Array.from({ length: 21 }, (_, index) => index));
  expect(rows.map((row) => row.length)).toEqual([6, 7, 8]);
});
