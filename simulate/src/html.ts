import { chart, escape, type Chart, type Line } from '../../loadtest/src/chart.ts';
import { STYLE } from '../../loadtest/src/html.ts';
import type { SimulationReport } from './report.ts';
import { formatTable, grouped } from './table.ts';

type Second = SimulationReport['seconds'][number];

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
<style>${STYLE}</style>
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
<pre>${escape(formatTable(report))}</pre>
</main>
</body>
</html>
`;
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
