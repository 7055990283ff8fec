import { describe, expect, it } from 'vitest';
import { Renumbering } from './Renumbering.ts';

describe('Renumbering', () => {
  const number = (numbers: Renumbering, source: string, from: readonly number[]) =>
    from.map((sequenceNumber) => numbers.next(source, sequenceNumber));

  it('goes on without a gap where another stream begins, whatever its numbers', () => {
    const numbers = new Renumbering(65_534);
    expect(number(numbers, 'a', [100, 101, 102])).toEqual([65_534, 65_535, 0]);
    expect(number(numbers, 'b', [40_000, 40_001])).toEqual([1, 2]);
    expect(number(numbers, 'a', [103])).toEqual([3]);
  });

  it('keeps what was lost a gap, and what comes late in its place', () => {
    const numbers = new Renumbering(10);
    expect(number(numbers, 'a', [1, 2, 5, 4, 6])).toEqual([10, 11, 14, 13, 15]);
  });

  it('gives no number twice to what comes late from before a stream began here', () => {
    const numbers = new Renumbering(10);
    expect(number(numbers, 'a', [1, 2])).toEqual([10, 11]);
    expect(number(numbers, 'b', [501, 500, 503, 502, 499])).toEqual([12, null, 14, 13, null]);
  });

  it('takes a stream that was started anew for another', () => {
    const numbers = new Renumbering(10);
    expect(number(numbers, 'a', [1, 2, 20_000, 20_001])).toEqual([10, 11, 12, 13]);
  });
});
