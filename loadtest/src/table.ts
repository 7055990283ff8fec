import type { PlayoutFigures } from './browsers/inbound.ts';
import type { Limit } from './limit.ts';
import type { Report } from './report.ts';
import type { Percentiles } from './stats.ts';
import type { Progress } from './runLoadTest.ts';

type Row = readonly [label: string, value: string];

/** Whose figures these are. */
export const LIMIT_WORDS = {
  none: 'nobody',
  generator: 'the load test',
  server: 'the server',
  both: 'the load test and the server',
  unknown: 'not known',
} as const satisfies Record<Limit, string>;

/** The report as people read it in a terminal. */
export function formatTable(report: Report): string {
  const rows: readonly (Row | null)[] = [
    ...listenerRows(report),
    null,
    ['time to join', percentiles(report.joinMs)],
    ['time to first audio', percentiles(report.ttfaMs)],
    ['joins', figure(report.joinsPerSecond, 'per second')],
    null,
    ['loss', figure(report.lossPct, '%', lossDetail(report))],
    ['packets per listener', figure(report.packetsPerListenerPerSecond, 'per second')],
    ...(report.window?.restarted
      ? ([['media rebuilt', `for ${report.window.restarted} listeners`]] satisfies Row[])
      : []),
    ['jitter', percentiles(report.jitterMs)],
    null,
    ['SFU CPU per packet', figure(report.sfu.cpuUsPerPacket, 'µs')],
    ['SFU CPU per listener', figure(report.sfu.cpuMsPerListenerSecond, 'ms per second')],
    ['SFU memory', figure(report.sfu.rssMb, 'MB')],
    ['server Node CPU', figure(report.sfu.nodeCpuPct, '% of one core')],
    ...generatorRows(report),
    ...browserRows(report),
    null,
    ['at its limit', LIMIT_WORDS[report.limit]],
    ...report.limitReasons.map((reason): Row => ['', reason]),
  ];
  const width = Math.max(...rows.map((row) => row?.[0].length ?? 0));
  return rows.map((row) => (row ? `  ${row[0].padEnd(width)}  ${row[1]}` : '')).join('\n');
}

/** One line on how it goes. */
export function formatProgress(progress: Progress): string {
  const { phase, waiting, joined, asked, failed, packetsPerSecond, elapsedS } = progress;
  const waiters = waiting > 0 ? `, ${waiting} waiting` : '';
  const failures = failed > 0 ? `, ${failed} failed` : '';
  return `${elapsedS.toFixed(0).padStart(4)} s  ${phase}: ${joined}/${asked} joined${waiters}${failures}, ${Math.round(packetsPerSecond)} packets/s`;
}

function listenerRows({ listeners, interrupted }: Report): Row[] {
  return [
    ...(interrupted === null ? [] : ([['ended early', interrupted]] satisfies Row[])),
    ['listeners', `${listeners.joined} of ${listeners.asked} joined`],
    ...listeners.failed.map(({ reason, count }): Row => ['  failed', `${count} × ${reason}`]),
  ];
}

function generatorRows({ generator, speakers }: Report): (Row | null)[] {
  if (!generator) return [];
  const { cpuPct, eventLoopDelayMs, rssMb, udpDropped } = generator;
  return [
    null,
    ['load test CPU', `${cpuPct} % of one core, ${rssMb} MB`],
    ['load test lateness', `p50 ${eventLoopDelayMs.p50}, p99 ${eventLoopDelayMs.p99}, max ${eventLoopDelayMs.max} ms`],
    ...(udpDropped ? ([['kernel dropped', `${udpDropped} datagrams on this machine`]] satisfies Row[]) : []),
    ...(speakers.skipped > 0 ? ([['speech skipped', `${speakers.skipped} frames`]] satisfies Row[]) : []),
  ];
}

function browserRows({ browsers }: Report): (Row | null)[] {
  if (!browsers) return [];
  const { asked, joined, failed, ttfaMs, recognised, recognisedFrom, similarityMin, cpuPct } = browsers;
  const similar = similarityMin === null ? 'not measured' : `similarity at least ${similarityMin}`;
  const judged = recognised === null ? '' : `${recognised} of ${joined} recognised from ${recognisedFrom} on, `;
  return [
    null,
    ['browsers', `${joined} of ${asked} joined`],
    ...failed.map(({ reason, count }): Row => ['  failed', `${count} × ${reason}`]),
    ['  first audio heard', percentiles(ttfaMs)],
    ['  speech', `${judged}${similar}`],
    ['  while arriving', playout(browsers.arriving)],
    ['  while measuring', playout(browsers.measuring)],
    ['  CPU', `${figure(cpuPct.arriving, '% of one core')} while arriving, ${figure(cpuPct.measuring, '%')} measuring`],
  ];
}

function playout({ jitterBufferMs, concealedPct, silentConcealedPct, lossPct }: PlayoutFigures): string {
  if (jitterBufferMs === null) return 'not measured';
  return `jitter buffer ${jitterBufferMs} ms, concealed ${concealedPct} %, as silence ${silentConcealedPct} %, loss ${lossPct} %`;
}

function lossDetail({ window }: Report): string {
  return window ? ` (${window.lost} of ${window.lost + window.received})` : '';
}

function percentiles({ p50, p95, p99 }: Percentiles): string {
  return p50 === null ? 'not measured' : `p50 ${p50}, p95 ${p95}, p99 ${p99} ms`;
}

function figure(value: number | null, unit: string, detail = ''): string {
  return value === null ? 'not measured' : `${value} ${unit}${detail}`;
}
