import { escape } from './chart.ts';
import type { BrowserReport } from '../browsers/browserReport.ts';
import type { PlayoutFigures } from '../browsers/inbound.ts';

const COLUMNS: readonly (readonly [
  name: string,
  of: (one: BrowserReport['each'][number]) => string | number | null,
])[] = [
  ['first audio, ms', ({ ttfaMs }) => ttfaMs],
  ['jitter buffer, ms', during(({ jitterBufferMs }) => jitterBufferMs)],
  ['concealed, %', during(({ concealedPct }) => concealedPct)],
  ['as silence, %', during(({ silentConcealedPct }) => silentConcealedPct)],
  ['concealments', during(({ concealmentEvents }) => concealmentEvents)],
  ['played slower, %', during(({ slowedPct }) => slowedPct)],
  ['played faster, %', during(({ hurriedPct }) => hurriedPct)],
  ['lost packets', during(({ packetsLost }) => packetsLost)],
  ['similarity', ({ similarity }) => similarity],
  ['speech', ({ recognised }) => (recognised === null ? 'not judged' : recognised ? 'recognised' : 'not recognised')],
  ['failed', ({ failed }) => failed ?? ''],
];

/** One row for each browser, with two figures where arriving and measuring are told apart. Nothing in a run without. */
export function browsersHtml(browsers: BrowserReport | null): string {
  if (!browsers) return '';
  const head = COLUMNS.map(([name]) => `<th scope="col">${escape(name)}</th>`).join('');
  const rows = browsers.each.map((one, index) => {
    const cells = COLUMNS.map(([, of]) => `<td>${escape(String(of(one) ?? 'not measured'))}</td>`).join('');
    return `<tr><th scope="row">${index + 1}</th>${cells}</tr>`;
  });
  return `<h2>In real browsers</h2>
<figure style="overflow-x: auto"><h3>Each browser, while arriving / while measuring</h3>
<table><thead><tr><th scope="col">browser</th>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></figure>`;
}

function during(of: (figures: PlayoutFigures) => number | null) {
  const text = (figures: PlayoutFigures | null) => (figures && of(figures)) ?? '–';
  return ({ arriving, measuring }: BrowserReport['each'][number]) => `${text(arriving)} / ${text(measuring)}`;
}
