/** One quantity as several runs gave it. */
export interface Figure {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly runs: number;
}

/** Null where no run gave a number. */
export function figureOf(values: readonly (number | null)[]): Figure | null {
  const sorted = values
    .filter((value) => value !== null && Number.isFinite(value))
    .toSorted((a, b) => a! - b!) as number[];
  if (sorted.length === 0) return null;
  const middle = sorted.length / 2;
  const median = (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle) - 1]!) / 2;
  return { median, min: sorted[0]!, max: sorted.at(-1)!, runs: sorted.length };
}

/** The same with every value changed in one way; `change` keeps the order. */
export function mapFigure(figure: Figure | null, change: (value: number) => number): Figure | null {
  return figure && { ...figure, median: change(figure.median), min: change(figure.min), max: change(figure.max) };
}

/** Rounded to three significant digits, which is more than any two runs agree on. */
export function significant(value: number): number {
  return Number(value.toPrecision(3));
}
