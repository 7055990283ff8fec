import { describe, expect, it } from 'vitest';
import { buildBrowserReport } from '../browsers/browserReport.ts';
import { niceTicks } from './chart.ts';
import { formatHtml } from './html.ts';
import { FULL } from '../hearing/kinds.ts';
import { parseCommandLine } from '../options.ts';
import { buildReport } from './report.ts';

const point = {
  ...{ s: 1, phase: 'arriving' as const, arrived: 2, waiting: 0, joined: 1, failed: 1 },
  ...{ packetsPerSecond: 50, lossPct: 0.5, nodeCpuPct: 12 },
  workers: [{ worker: '0', cpuPct: 30, rssMb: 40 }],
};

const report = buildReport({
  startedAt: new Date(0),
  options: parseCommandLine(['--listeners', '2'])!.options,
  interrupted: 'a <script>',
  listeners: [
    { kind: FULL, state: { kind: 'listening' }, joinMs: 10, ttfaMs: 20, refusals: 0, room: 0, mediaFailed: 0 },
    {
      kind: FULL,
      state: { kind: 'failed', reason: 'ice:<b>' },
      joinMs: null,
      ttfaMs: null,
      refusals: 0,
      room: 0,
      mediaFailed: 0,
    },
  ],
  rampMs: null,
  skipped: 0,
  steady: null,
  phases: [],
  browsers: null,
  http: null,
  behaviour: null,
  machines: [],
  series: [point, { ...point, s: 2, phase: 'measuring' as const }],
});

describe('the page of a report', () => {
  const html = formatHtml(report);

  it('needs no other file and no script', () => {
    expect(html).not.toMatch(/<script|<link|<img|src=|url\(|https?:\/\/(?!localhost)/);
  });

  it('gives every chart a title and names of its axes with units', () => {
    const charts = html.match(/<svg[^]*?<\/svg>/g) ?? [];
    expect(charts.length).toBeGreaterThanOrEqual(6);
    for (const svg of charts) {
      expect(svg).toMatch(/^<svg role="img"[^>]*><title>[^<]+<\/title>/);
      expect(svg.match(/class="axis"/g)).toHaveLength(2);
      expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    }
  });

  it('has a column for each kind of listener that there is', () => {
    expect(html).toMatch(/<th scope="col">full<\/th>/);
    expect(html).not.toMatch(/<th scope="col">slow<\/th>/);
  });

  it('says what was not measured, and takes nothing for markup', () => {
    expect(html).toContain('Not measured.');
    expect(html).toContain('ice:&#60;b&#62;');
  });
});

describe('the page of a run with browsers', () => {
  it('has a row for each, and says what was not measured', async () => {
    const lost = { state: { kind: 'failed' as const, reason: 'page: <i>' }, ttfaMs: null, recording: null };
    const each = [{ ...lost, arriving: null, measuring: null }];
    const none = { arriving: null, measuring: null };
    const browsers = await buildBrowserReport({ each, voices: 1, speeches: [], cpuPct: none });
    const html = formatHtml({ ...report, browsers });
    expect(html).toContain('In real browsers');
    expect(html).toContain('<td>page: &#60;i&#62;</td>');
    expect(html).toMatch(/browsers +0 of 1 joined/);
    expect(html).not.toMatch(/NaN|undefined/);
  });
});

describe('ticks', () => {
  it.each([
    [0, 0, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [0, 97, [0, 20, 40, 60, 80, 100]],
    [0, 1234, [0, 500, 1000, 1500]],
  ])('from %d to %d are round, and reach the end', (min, max, ticks) => {
    expect(niceTicks(min, max)).toEqual(ticks);
  });
});
