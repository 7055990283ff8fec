import { escape, HEIGHT, plot, WIDTH, type Chart } from '@tribune/loadtest/report/chart.ts';

const HEAD = 50;
const LEGEND_STEP = 200;
const COLOURS = ['#2a78d6', '#c2521f', '#12805a'];

const STYLE = `
text { font: 12px system-ui, sans-serif; fill: #5f5e5a; } .title { font-size: 15px; fill: #1a1a19; } .axis { fill: #1a1a19; }
.grid { stroke: #e3e2de; } .mark { stroke: #5f5e5a; stroke-dasharray: 3 3; } .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
${COLOURS.map((colour, index) => `.c${index} { stroke: ${colour}; }`).join(' ')}
.line.c1 { stroke-dasharray: 7 3; } .line.c2 { stroke-dasharray: 2 3; }`;

/** A chart of up to three lines as a file of its own, for a document. */
export function chartFile(chart: Chart): string {
  const legend = chart.lines.map(({ name }, index) => {
    const x = 76 + index * LEGEND_STEP;
    return `<path class="line c${index}" d="M${x} -14h24"/><text x="${x + 30}" y="-10">${escape(name)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 ${-HEAD} ${WIDTH} ${HEIGHT + HEAD}">
<style>${STYLE}</style>
<rect x="0" y="${-HEAD}" width="${WIDTH}" height="${HEIGHT + HEAD}" fill="#fff"/>
<text class="title" x="14" y="-30">${escape(chart.title)}</text>
${legend.join('\n')}
${plot(chart)}
</svg>
`;
}
