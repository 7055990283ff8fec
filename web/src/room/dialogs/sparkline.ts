/** More points than this are closer together than a line is wide. */
const MAX_POINTS = 120;

/** Brings values down to as many as can be drawn: each point stands for the highest of its share, so that no peak is lost. */
export function thinOut(values: readonly number[], points = MAX_POINTS): readonly number[] {
  if (values.length <= points) return values;
  const share = values.length / points;
  return Array.from({ length: points }, (_, i) =>
    Math.max(...values.slice(Math.floor(i * share), Math.floor((i + 1) * share))),
  );
}

/** The `points` of an SVG polyline that fills `width` and, from zero to the highest value, `height`. */
export function toPoints(values: readonly number[], width: number, height: number): string {
  const highest = Math.max(1, ...values);
  const step = values.length > 1 ? width / (values.length - 1) : 0;
  return values.map((value, i) => `${round(i * step)},${round(height - (value / highest) * height)}`).join(' ');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
