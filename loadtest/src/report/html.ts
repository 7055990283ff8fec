import { chart, escape, type Chart, type Line } from './chart.ts';
import { browsersHtml } from './browsersHtml.ts';
import type { Report } from './report.ts';
import type { RoomFigures } from './roomReport.ts';
import type { SeriesPoint } from './series.ts';
import { formatTable, kindFiguresOf, kindsIn, LIMIT_WORDS, ROOM_FIGURES } from './table.ts';

/** The report as one page that needs nothing else: no script, no font, no other file. */
export function formatHtml(report: Report): string {
  const { startedAt, options, listeners, environment } = report;
  const title = `Load test: ${options.listeners} listeners, ${startedAt.slice(0, 16).replace('T', ' ')} UTC`;
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
${tile('joined', `${listeners.joined} of ${listeners.asked}`)}
${tile('time to first audio, p95', figure(report.ttfaMs.p95, 'ms'))}
${tile('time to join, p95', figure(report.joinMs.p95, 'ms'))}
${tile('loss', figure(report.lossPct, '%'))}
${tile('latency one way, p95', figure(report.latencyMs.p95, 'ms'))}
${tile('MOS, estimated, p50', figure(report.mos.p50))}
${tile('SFU CPU per packet', figure(report.sfu.cpuUsPerPacket, 'µs'))}
${tile('at its limit', LIMIT_WORDS[report.limit])}
</ul>
${report.interrupted === null ? '' : `<p class="warning">Ended early: ${escape(report.interrupted)}</p>`}
${report.limitReasons.length === 0 ? '' : `<ul class="warning">${report.limitReasons.map((reason) => `<li>${escape(reason)}</li>`).join('')}</ul>`}
${kindsOf(report)}
${roomsOf(report)}
<div class="charts">
${chartsOf(report).map(chart).join('\n')}
${failuresOf(report)}
</div>
${browsersHtml(report.browsers)}
<h2>Figures</h2>
<pre>${escape(formatTable(report))}</pre>
<h2>How it was measured</h2>
<dl>${Object.entries({ ...environment, ...options })
    .map(([name, value]) => `<dt>${escape(name)}</dt><dd>${escape(text(value))}</dd>`)
    .join('')}</dl>
</main>
</body>
</html>
`;
}

function chartsOf({ series, cdf }: Report): Chart[] {
  const seconds = 'seconds since the beginning';
  const along = (name: string, of: (point: SeriesPoint) => number | null): Line => ({
    name,
    points: series.map((point) => [point.s, of(point)]),
  });
  const firstMeasured = series.find(({ phase }) => phase === 'measuring');
  const marks = firstMeasured ? [{ x: firstMeasured.s, label: 'measured from here' }] : [];
  const workers = [...new Set(series.flatMap((point) => point.workers.map(({ worker }) => worker)))];
  const ofWorkers = (of: (worker: SeriesPoint['workers'][number]) => number | null) =>
    workers.map((id) =>
      along(`worker ${id}`, (point) => {
        const found = point.workers.find(({ worker }) => worker === id);
        return found ? of(found) : null;
      }),
    );
  return [
    {
      title: 'Listeners',
      x: seconds,
      y: 'listeners',
      marks,
      lines: [
        along('arrived', ({ arrived }) => arrived),
        along('joined', ({ joined }) => joined),
        ...(series.some(({ waiting }) => waiting > 0) ? [along('waiting', ({ waiting }) => waiting)] : []),
        ...(series.some(({ failed }) => failed > 0) ? [along('failed', ({ failed }) => failed)] : []),
      ],
    },
    {
      title: 'Time to join and to first audio, as shares of all listeners',
      x: 'ms',
      y: '% who took at most that long',
      lines: [distribution('join', cdf.joinMs), distribution('first audio', cdf.ttfaMs)],
    },
    {
      title: 'Packets received',
      x: seconds,
      y: 'packets per second',
      marks,
      lines: [along('received', (p) => p.packetsPerSecond)],
    },
    {
      title: 'Loss',
      x: seconds,
      y: '% of packets',
      marks,
      yAtLeast: 1,
      lines: [along('loss', ({ lossPct }) => lossPct)],
    },
    {
      title: 'Jitter, as shares of all listeners',
      x: 'ms',
      y: '% with at most that much',
      lines: [distribution('jitter', cdf.jitterMs)],
    },
    {
      title: 'Latency one way, as shares of all packets',
      x: 'ms',
      y: '% that took at most that long',
      lines: [distribution('latency', cdf.latencyMs)],
    },
    {
      title: 'Longest gap, as shares of all listeners',
      x: 'ms',
      y: '% with none longer',
      lines: [distribution('longest gap', cdf.longestGapMs)],
    },
    {
      title: 'Estimated MOS, as shares of all listeners',
      x: 'mean opinion score',
      y: '% with at most that',
      xFrom: 1,
      xAtLeast: 4.5,
      lines: [distribution('MOS', cdf.mos)],
    },
    {
      title: 'CPU of the server',
      x: seconds,
      y: '% of one core',
      marks,
      yAtLeast: 100,
      lines: [...ofWorkers(({ cpuPct }) => cpuPct), along('Node', ({ nodeCpuPct }) => nodeCpuPct)],
    },
    { title: 'Memory of the media workers', x: seconds, y: 'MB', marks, lines: ofWorkers(({ rssMb }) => rssMb) },
  ];
}

/** @param quantiles at each percent, from 0 to 100. */
function distribution(name: string, quantiles: readonly number[]): Line {
  return { name, points: quantiles.map((value, percent) => [value, percent]) };
}

function failuresOf({ listeners }: Report): string {
  const most = Math.max(...listeners.failed.map(({ count }) => count));
  const rows = listeners.failed.map(
    ({ reason, count }) =>
      `<tr><th scope="row">${escape(reason)}</th><td>${count}</td><td><meter min="0" max="${most}" value="${count}"></meter></td></tr>`,
  );
  const table = `<table><thead><tr><th scope="col">reason</th><th scope="col">listeners</th><td></td></tr></thead><tbody>${rows.join('')}</tbody></table>`;
  return `<figure><h3>Failures by reason</h3>${rows.length === 0 ? '<p class="none">None.</p>' : table}</figure>`;
}

function kindsOf(report: Report): string {
  const columns = kindsIn(report);
  if (columns.length === 0) return '';
  const head = columns.map(({ kind }) => `<th scope="col">${kind}</th>`).join('');
  const rows = kindFiguresOf(report).map(([name, of]) => {
    const cells = columns.map(({ group }) => `<td>${withUnit(escape(of(group)))}</td>`).join('');
    return `<tr><th scope="row">${escape(name)}</th>${cells}</tr>`;
  });
  return `<h2>Kinds of listener</h2>
<div class="kinds"><table><thead><tr><td></td>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div>
<p class="none">Light listeners count packets by their header; full ones decrypt and check each. Tiles and charts of
what is heard are of both, without listeners behind the emulated slow network.</p>`;
}

/** A row for each room, so that one that fared otherwise than the others stands out. */
function roomsOf({ rooms }: Report): string {
  if (!rooms) return '';
  const head = ROOM_FIGURES.map(([name]) => `<th scope="col">${escape(name)}</th>`).join('');
  const row = (title: string, room: RoomFigures) =>
    `<tr><th scope="row">${escape(title)}</th>${ROOM_FIGURES.map(([, of]) => `<td>${withUnit(escape(of(room)))}</td>`).join('')}</tr>`;
  const rows = [
    row('together', rooms.sum),
    row('the worst', rooms.worst),
    ...rooms.each.map((room, index) => row(`room ${index + 1}`, room)),
  ];
  return `<h2>Rooms</h2>
<div class="kinds"><table><thead><tr><td></td>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

/** A number stays on one line with its unit. */
function withUnit(cell: string): string {
  return cell.replace(/^([\d.]+) /, '$1&nbsp;');
}

function tile(name: string, value: string): string {
  return `<li><span>${escape(name)}</span><strong>${escape(value)}</strong></li>`;
}

function figure(value: number | null, unit = ''): string {
  return value === null ? 'not measured' : `${value} ${unit}`.trimEnd();
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

export const STYLE = `
:root { color-scheme: light dark; --bg: #fcfcfb; --card: #fff; --ink: #1a1a19; --soft: #5f5e5a; --rule: #e3e2de;
  --c0: #2a78d6; --c1: #c2521f; --c2: #12805a; --c3: #4a3aa7; --c4: #b03a6f; --c5: #7a6a00; }
@media (prefers-color-scheme: dark) { :root { --bg: #161615; --card: #1f1f1e; --ink: #f3f2ee; --soft: #b4b2aa; --rule: #3a3a38;
  --c0: #5b9bee; --c1: #ee8355; --c2: #3fbf90; --c3: #a79cf5; --c4: #e87ba9; --c5: #c9b64a; } }
body { margin: 0; background: var(--bg); color: var(--ink); font: 15px/1.45 system-ui, sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 24px 20px 48px; }
h1 { font-size: 24px; margin: 0 0 16px; } h2 { font-size: 18px; margin: 32px 0 8px; } h3 { font-size: 15px; margin: 0 0 6px; }
.tiles { list-style: none; margin: 0 0 16px; padding: 0; display: grid; gap: 12px; grid-template-columns: repeat(4, 1fr); }
@media (max-width: 720px) { .tiles { grid-template-columns: repeat(2, 1fr); } }
.tiles li, figure { background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: 12px 14px; }
.tiles span { display: block; color: var(--soft); font-size: 13px; } .tiles strong { font-size: 19px; }
.warning { border-left: 4px solid var(--c1); margin: 0 0 16px; padding: 8px 16px; list-style-position: inside; background: var(--card); }
.charts { display: grid; gap: 16px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); }
figure { margin: 0; min-width: 0; } svg { width: 100%; height: auto; display: block; } svg text { fill: var(--soft); font-size: 12px; }
svg .axis { fill: var(--ink); } .grid { stroke: var(--rule); } .mark { stroke: var(--soft); stroke-dasharray: 3 3; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 14px; margin: 0; padding: 0; font-size: 13px; }
.legend i { display: inline-block; width: 18px; border-top: 3px solid; margin-right: 6px; vertical-align: middle; }
${[0, 1, 2, 3, 4, 5].map((n) => `.line.c${n} { stroke: var(--c${n}); } .legend .c${n} { border-color: var(--c${n}); }`).join(' ')}
.line.c1 { stroke-dasharray: 7 3; } .line.c2 { stroke-dasharray: 2 3; } .legend .c1 { border-top-style: dashed; } .legend .c2 { border-top-style: dotted; }

.kinds { overflow-x: auto; background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: 8px 14px; }
.kinds td, .kinds thead th { text-align: right; font-variant-numeric: tabular-nums; padding-left: 14px; }
@media (max-width: 520px) { .kinds { padding: 8px 10px; font-size: 13px; } .kinds th, .kinds td, .kinds thead th { padding-right: 0; padding-left: 8px; } .kinds tbody th { padding-left: 0; } }
.kinds tbody tr { border-top: 1px solid var(--rule); } .kinds th, .kinds td { padding-top: 4px; padding-bottom: 4px; }
.kinds + .none { margin: 8px 0 16px; font-size: 13px; }
.none { color: var(--soft); } table { border-collapse: collapse; width: 100%; } th { text-align: left; font-weight: 500; } th, td { padding: 2px 8px 2px 0; }
pre { overflow-x: auto; background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: 14px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; } dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
`;
