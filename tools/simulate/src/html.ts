import { chart, escape, type Chart, type Line } from '@tribune/loadtest/report/chart.ts';
import { STYLE } from '@tribune/loadtest/report/html.ts';
import type { SimulationReport } from './report.ts';
import type { CheckResult } from './check.ts';
import { captionOf, CHECK_HEAD, checkRowsOf, figuresOf, formatCheck, grouped, remarksOf } from './table.ts';

type Second = SimulationReport['seconds'][number];

/**
 * Six tiles fill rows of three and of two. On a narrow page a chart has half its width: its text is enlarged, and the name of
 * the y axis moves above it.
 */
const OWN_STYLE = `
.tiles { grid-template-columns: repeat(3, 1fr); }
@media (max-width: 720px) { .tiles { grid-template-columns: repeat(2, 1fr); } }
li, td, p { overflow-wrap: anywhere; }
.figures th { width: 1%; white-space: nowrap; padding-right: 16px; vertical-align: top; }
.figures tr { border-top: 1px solid var(--rule); }
.check { overflow-x: auto; } .check td:nth-child(n+3), .check th:nth-child(n+3) { text-align: right; }
@media (max-width: 520px) {
  svg text { font-size: 20px; } svg { overflow: visible; margin-top: 20px; }
  svg .axis[transform] { transform: translate(4px, -8px); text-anchor: start; }
  .mark + text { text-anchor: end; } .mark ~ .mark + text { text-anchor: start; }
  .figures th { white-space: normal; width: 38%; } .check { font-size: 12px; }
}
`;

/** The report as one page that needs nothing else: no script, no font, no other file. */
export function formatHtml(report: SimulationReport): string {
  const { options, everyoneInS, longestWaitS, ttfaMs, saturation, nodesNeeded, cost } = report;
  const title = `On paper: ${grouped(options.listeners)} listeners, ${options.cluster.nodes} nodes`;
  const first = saturation.find(({ atS }) => atS !== null);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<style>${STYLE}${OWN_STYLE}</style>
</head>
<body>
<main>
<h1>${escape(title)}</h1>
<ul class="tiles">
${tile('everyone is in', everyoneInS === null ? 'never' : `after ${everyoneInS} s`)}
${tile('time to first audio, p95', ttfaMs.p95 === null ? 'n/a' : `${(ttfaMs.p95 / 1000).toFixed(1)} s`)}
${tile('longest wait', longestWaitS === null ? 'n/a' : `${longestWaitS} s`)}
${tile('full first', first ? `${first.resource}, ${first.atS} s` : 'nothing')}
${tile('nodes for p95 under 3 s', nodesNeeded === null ? 'no number' : grouped(nodesNeeded))}
${tile('sent at the end', `${cost.gbit} Gbit/s`)}
</ul>
<div class="charts">
${chartsOf(report).map(chart).join('\n')}
</div>
<h2>Figures</h2>
<table class="figures">${figuresOf(report)
    .map(([name, value]) => `<tr><th>${escape(name)}</th><td>${escape(value)}</td></tr>`)
    .join('')}</table>
<h2>Assumed</h2>
<ul>${report.assumptions.map((assumption) => `<li>${escape(assumption)}</li>`).join('')}</ul>
<h2>Compared with load tests</h2>
${checkHtml(report.lastCheck)}
</main>
</body>
</html>
`;
}

function checkHtml(check: CheckResult | null): string {
  if (!check) return `<p>${escape(formatCheck(null))}</p>`;
  const row = (cells: readonly string[], tag: 'th' | 'td') =>
    `<tr>${cells.map((cell) => `<${tag}>${escape(cell)}</${tag}>`).join('')}</tr>`;
  return `<p>${escape(captionOf(check))}</p>
<div class="check"><table>${row(CHECK_HEAD, 'th')}${checkRowsOf(check)
    .map((cells) => row(cells, 'td'))
    .join('')}</table></div>
${remarksOf(check)
  .map((remark) => `<p>${escape(remark)}</p>`)
  .join('\n')}`;
}

function chartsOf({ seconds, options }: SimulationReport): Chart[] {
  const x = 'seconds since the beginning';
  const along = (name: string, of: (second: Second) => number): Line => ({
    name,
    points: seconds.map((second) => [second.s, of(second)]),
  });
  const marks = [
    ...(options.arrivals.kind === 'launch' ? [{ x: options.arrivals.spanS / 2, label: 'start' }] : []),
    ...options.cluster.failures.map(({ node, atS }) => ({ x: atS, label: `node ${node} fails` })),
  ];
  return [
    {
      title: 'People',
      x,
      y: 'people',
      marks,
      lines: [
        along('arrived', ({ arrived }) => arrived),
        along('in', ({ listening }) => listening),
        along('waiting', ({ waiting }) => waiting),
      ],
    },
    { title: 'Told to come back', x, y: 'per second', marks, lines: [along('refused', ({ refused }) => refused)] },
    {
      title: 'CPU of a node',
      x,
      y: '% of one core',
      marks,
      yAtLeast: 100,
      lines: [
        along('Node, busiest', ({ nodeShareMax }) => 100 * nodeShareMax),
        along('worker, busiest', ({ workerShareMax }) => 100 * workerShareMax),
        along('Node, mean', ({ nodeShare }) => 100 * nodeShare),
        along('worker, mean', ({ workerShare }) => 100 * workerShare),
      ],
    },
    {
      title: 'Longest queue for a Node core',
      x,
      y: 'ms',
      marks,
      yAtLeast: 10,
      lines: [along('queue', ({ queueMs }) => queueMs)],
    },
    { title: 'Sent by the busiest node', x, y: 'Gbit/s', marks, lines: [along('sent', ({ gbitMax }) => gbitMax)] },
    { title: 'Packets lost', x, y: '%', marks, yAtLeast: 1, lines: [along('lost', ({ lossPct }) => lossPct)] },
  ];
}

function tile(name: string, value: string): string {
  return `<li><span>${escape(name)}</span><strong>${escape(value)}</strong></li>`;
}
