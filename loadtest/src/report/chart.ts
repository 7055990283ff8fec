/** One line of a chart. A null ends the line, and what follows begins another. */
export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number | null])[];
}

export interface Chart {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly lines: readonly Line[];
  /** Moments worth a vertical rule. */
  readonly marks?: readonly { readonly x: number; readonly label: string }[];
  /** Where the x axis begins; 0 unless told. */
  readonly xFrom?: number;
  /** Least value at the end of the x axis. */
  readonly xAtLeast?: number;
  /** Least value at the top of the y axis, so that noise does not fill the chart. */
  readonly yAtLeast?: number;
}

export const WIDTH = 640;
export const HEIGHT = 260;
const EDGE = { top: 22, right: 26, bottom: 44, left: 76 };
const INNER = { width: WIDTH - EDGE.left - EDGE.right, height: HEIGHT - EDGE.top - EDGE.bottom };
const TICKS = 5;

/** A chart as a figure with an SVG that needs nothing but the styles of `html.ts`. */
export function chart(of: Chart): string {
  const lines = drawnLines(of);
  if (lines.length === 0) return `<figure><h3>${escape(of.title)}</h3><p class="none">Not measured.</p></figure>`;
  const legend = lines.map(({ name }, index) => `<li><i class="c${index % 6}"></i>${escape(name)}</li>`);
  return `<figure><h3>${escape(of.title)}</h3>
${lines.length > 1 ? `<ul class="legend">${legend.join('')}</ul>` : ''}
<svg role="img" viewBox="0 0 ${WIDTH} ${HEIGHT}">${plot(of)}
</svg></figure>`;
}

/** What is inside the SVG of a chart with at least one value: WIDTH by HEIGHT, with the classes that `html.ts` has styles for. */
export function plot(of: Chart): string {
  const lines = drawnLines(of);
  const all = lines.flatMap(({ points }) => points);
  const xFrom = of.xFrom ?? 0;
  const xTicks = niceTicks(xFrom, Math.max(of.xAtLeast ?? xFrom, ...all.map(([x]) => x)));
  const yTicks = niceTicks(0, Math.max(of.yAtLeast ?? 0, ...all.map(([, y]) => y ?? 0)));
  const [xEnd, yEnd] = [xTicks.at(-1)!, yTicks.at(-1)!];
  const px = (x: number) => fixed(EDGE.left + ((x - xFrom) / (xEnd - xFrom)) * INNER.width);
  const py = (y: number) => fixed(EDGE.top + INNER.height - (y / yEnd) * INNER.height);
  const bottom = EDGE.top + INNER.height;
  const grid = yTicks.map(
    (y) =>
      `<line class="grid" x1="${EDGE.left}" x2="${WIDTH - EDGE.right}" y1="${py(y)}" y2="${py(y)}"/>` +
      `<text x="${EDGE.left - 8}" y="${py(y)}" dy="0.32em" text-anchor="end">${label(y)}</text>`,
  );
  const ticks = xTicks.map((x) => `<text x="${px(x)}" y="${bottom + 16}" text-anchor="middle">${label(x)}</text>`);
  const marks = (of.marks ?? []).map(
    ({ x, label: name }) =>
      `<line class="mark" x1="${px(x)}" x2="${px(x)}" y1="${EDGE.top}" y2="${bottom}"/>` +
      `<text x="${px(x)}" y="${EDGE.top - 6}" text-anchor="middle">${escape(name)}</text>`,
  );
  const paths = lines.map(({ points }, index) => `<path class="line c${index % 6}" d="${pathOf(points, px, py)}"/>`);
  const description = lines.map(({ name, points }) => `${name}: ${extent(points)}`).join('; ');
  return `<title>${escape(`${of.title}. ${description}.`)}</title>
${[...grid, ...ticks, ...marks, ...paths].join('\n')}
<text class="axis" x="${EDGE.left + INNER.width / 2}" y="${HEIGHT - 8}" text-anchor="middle">${escape(of.x)}</text>
<text class="axis" transform="translate(14 ${EDGE.top + INNER.height / 2}) rotate(-90)" text-anchor="middle">${escape(of.y)}</text>`;
}

function drawnLines({ lines }: Chart): readonly Line[] {
  return lines.filter(({ points }) => points.some(([, y]) => y !== null));
}

/** Round steps that reach from `min` to at least `max`. */
export function niceTicks(min: number, max: number): number[] {
  const span = max - min || 1;
  const raw = span / TICKS;
  const magnitude = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * magnitude).find((size) => size >= raw * 0.999)!;
  const count = Math.ceil(span / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, index) => Number((min + index * step).toPrecision(12)));
}

export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function pathOf(points: Line['points'], px: (x: number) => string, py: (y: number) => string): string {
  let isOpen = false;
  let path = '';
  for (const [x, y] of points) {
    if (y !== null) path += `${isOpen ? 'L' : 'M'}${px(x)} ${py(y)}`;
    isOpen = y !== null;
  }
  return path;
}

function extent(points: Line['points']): string {
  const values = points.flatMap(([, y]) => y ?? []);
  return `${label(Math.min(...values))} to ${label(Math.max(...values))}, at the end ${label(values.at(-1)!)}`;
}

function label(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 4 });
}

function fixed(value: number): string {
  return value.toFixed(1);
}
