import { describe, expect, it } from 'vitest';
import { figureOf, mapFigure, significant } from './figures.ts';

describe('a figure', () => {
  it('is the median of its runs, with their spread', () => {
    expect(figureOf([10, 9, 100])).toEqual({ median: 10, min: 9, max: 100, runs: 3 });
    expect(figureOf([4, 2])).toEqual({ median: 3, min: 2, max: 4, runs: 2 });
  });

  it('leaves out runs that gave none, and is null when all did', () => {
    expect(figureOf([null, 3, Number.NaN])).toEqual({ median: 3, min: 3, max: 3, runs: 1 });
    expect(figureOf([null, Number.POSITIVE_INFINITY])).toBeNull();
    expect(mapFigure(null, (value) => value)).toBeNull();
  });

  it('claims no more digits than it has', () => {
    expect([5.3456, 123.4, 0.20512].map(significant)).toEqual([5.35, 123, 0.205]);
  });
});
