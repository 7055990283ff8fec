import type { PlayoutFigures } from '../browsers/inbound.ts';
import type { GroupReport } from './groupReport.ts';
import { GROUPS, type Group } from '../hearing/kinds.ts';
import type { Limit } from './limit.ts';
import type { Report } from './report.ts';
import type { RoomFigures } from './roomReport.ts';
import type { Percentiles } from '../hearing/stats.ts';

type Row = readonly [label: string, value: string];

/** The side that the figures describe, in words. */
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
    ['latency, one way', percentiles(report.latencyMs)],
    ['longest gap', percentiles(report.longestGapMs)],
    ['MOS, estimated', mos(report.mos)],
    null,
    ...kindRows(report),
    ...roomRows(report),
    null,
    ['SFU CPU per packet', figure(report.sfu.cpuUsPerPacket, 'µs')],
    ['SFU CPU per listener', figure(report.sfu.cpuMsPerListenerSecond, 'ms per second')],
    ['SFU memory', figure(report.sfu.rssMb, 'MB')],
    ['server Node CPU', figure(report.sfu.nodeCpuPct, '% of one core')],
    ...spreadOf(report),
    ...behaviourRows(report),
    ...generatorRows(report),
    ...machineRows(report),
    ...browserRows(report),
    ...httpRows(report),
    null,
    ['at its limit', LIMIT_WORDS[report.limit]],
    ...report.limitReasons.map((reason): Row => ['', reason]),
  ];
  const width = Math.max(...rows.map((row) => row?.[0].length ?? 0));
  return rows.map((row) => (row ? `  ${row[0].padEnd(width)}  ${row[1]}` : '')).join('\n');
}

function listenerRows({ listeners, interrupted }: Report): Row[] {
  return [
    ...(interrupted === null ? [] : ([['ended early', interrupted]] satisfies Row[])),
    ['listeners', `${listeners.joined} of ${listeners.asked} joined`],
    ...(listeners.toldToWait > 0 ? ([['  told to wait', `${listeners.toldToWait}`]] satisfies Row[]) : []),
    ...(listeners.mediaFailed > 0
      ? ([['  without media', `${listeners.mediaFailed} times, and went to another node`]] satisfies Row[])
      : []),
    ...listeners.failed.map(({ reason, count }): Row => ['  failed', `${count} × ${reason}`]),
  ];
}

/** The figures of each kind of listener, in words with units. */
const KIND_FIGURES: readonly (readonly [name: string, of: (group: GroupReport) => string])[] = [
  ['joined', ({ joined, asked }) => `${joined} of ${asked}`],
  ['time to join, p95', ({ joinMs }) => figure(joinMs.p95, 'ms')],
  ['time to first audio, p95', ({ ttfaMs }) => figure(ttfaMs.p95, 'ms')],
  ['loss', ({ lossPct }) => figure(lossPct, '%')],
  ['loss by the slow network', ({ inflictedLossPct }) => figure(inflictedLossPct, '%')],
  ['latency, p50', ({ latencyMs }) => figure(latencyMs.p50, 'ms')],
  ['latency, p95', ({ latencyMs }) => figure(latencyMs.p95, 'ms')],
  ['jitter, p95', ({ jitterMs }) => figure(jitterMs.p95, 'ms')],
  ['gaps per minute', ({ gaps }) => figure(gaps.perMinute)],
  ['longest gap, p95', ({ gaps }) => figure(gaps.longestMs.p95, 'ms')],
  ['MOS, p50', (group) => figure(group.mos.p50)],
  ['MOS, p5', (group) => figure(group.mos.p5)],
  ['corrupt packets', ({ corrupt }) => (corrupt === null ? 'not checked' : String(corrupt))],
];

/** Kinds that there are, in the order in which they are told. */
export function kindsIn({ kinds }: Report): { readonly kind: Group; readonly group: GroupReport }[] {
  return GROUPS.flatMap((kind) => {
    const group = kinds[kind];
    return group ? [{ kind, group }] : [];
  });
}

/** Loss by a slow network is nobody's where there is none. */
export function kindFiguresOf(report: Report): typeof KIND_FIGURES {
  return KIND_FIGURES.filter(([name]) => report.kinds.slow !== null || name !== 'loss by the slow network');
}

function kindRows(report: Report): Row[] {
  const columns = kindsIn(report);
  if (columns.length === 0) return [];
  const line = (cells: readonly string[]) =>
    cells
      .map((cell) => cell.padEnd(14))
      .join('')
      .trimEnd();
  return [
    ['of listeners', line(columns.map(({ kind }) => kind))],
    ...kindFiguresOf(report).map(([name, of]): Row => [`  ${name}`, line(columns.map(({ group }) => of(group)))]),
  ];
}

/** The figures of a room, in words with units. */
export const ROOM_FIGURES: readonly (readonly [name: string, of: (room: RoomFigures) => string])[] = [
  ['joined', ({ joined, asked }) => `${joined} of ${asked}`],
  ['time to join, p95', ({ joinMsP95 }) => figure(joinMsP95, 'ms')],
  ['time to first audio, p95', ({ ttfaMsP95 }) => figure(ttfaMsP95, 'ms')],
  ['packets per listener', (room) => figure(room.packetsPerListenerPerSecond, 'per second')],
  ['loss', ({ lossPct }) => figure(lossPct, '%')],
  ['latency, p95', ({ latencyMsP95 }) => figure(latencyMsP95, 'ms')],
  ['longest gap, p95', ({ longestGapMsP95 }) => figure(longestGapMsP95, 'ms')],
  ['MOS, p5', ({ mosP5 }) => figure(mosP5)],
];

/** All rooms, and the worst of each figure: single ones are in the JSON and on the page. */
function roomRows({ rooms }: Report): (Row | null)[] {
  if (!rooms) return [];
  const line = (sum: string, worst: string) => `${sum.padEnd(18)}${worst}`;
  return [
    null,
    [`of ${rooms.count} rooms`, line('together', 'the worst')],
    ...ROOM_FIGURES.map(([name, of]): Row => [`  ${name}`, line(of(rooms.sum), of(rooms.worst))]),
  ];
}

function mos({ p50, p5 }: GroupReport['mos']): string {
  return p50 === null ? 'not measured' : `p50 ${p50}, p5 ${p5}`;
}

function generatorRows({ generator, speakers }: Report): (Row | null)[] {
  if (!generator) return [];
  const { cpuPct, eventLoopDelayMs, rssMb, udpDropped } = generator;
  return [
    null,
    ['load test CPU', `${cpuPct} % of one core, ${rssMb} MB`],
    ['load test lateness', `p50 ${eventLoopDelayMs.p50}, p99 ${eventLoopDelayMs.p99}, max ${eventLoopDelayMs.max} ms`],
    ...(udpDropped
      ? ([['kernel dropped', `${udpDropped} datagrams that the load test read too late`]] satisfies Row[])
      : []),
    ...(speakers.skipped > 0 ? ([['speech skipped', `${speakers.skipped} frames`]] satisfies Row[]) : []),
  ];
}

function machineRows({ machines }: Report): (Row | null)[] {
  if (machines.length === 0) return [];
  const rows = machines.map(({ name, processes, offsetMs }): Row => [
    `  ${name}`,
    `${processes} processes, clock ${offsetMs} ms ahead`,
  ]);
  return [null, ['other machines', String(machines.length)], ...rows];
}

function behaviourRows({ behaviour }: Report): (Row | null)[] {
  if (!behaviour) return [];
  const { left, returned, cut, kept, rebuilt, reactions, hands, refused, mutes, returnMs, reconnectMs } = behaviour;
  const rows: (Row | null)[] = [null];
  if (left > 0) rows.push(['left', `${left}, ${returned} came back: ${percentiles(returnMs)}`]);
  if (cut > 0) rows.push(['cut', `${cut}, ${kept} kept their media, ${rebuilt} got new: ${percentiles(reconnectMs)}`]);
  if (reactions + hands + refused > 0) rows.push(['reactions, hands', `${reactions} and ${hands}, ${refused} refused`]);
  if (mutes > 0) rows.push(['speakers muted', `and unmuted, ${mutes} times in all`]);
  return rows;
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

function httpRows({ http }: Report): (Row | null)[] {
  if (!http) return [];
  const planes = Object.entries(http.planes).flatMap(([plane, figures]): Row[] => [
    [`  ${plane}`, `${figures.joined} of ${figures.asked} joined, ${figures.stalls} stalls, ${figures.gaps} gaps`],
    ['    first sound', `p50 ${figures.firstSoundMs.p50}, p95 ${figures.firstSoundMs.p95} ms`],
    ['    behind live', `p50 ${figures.behindLiveS.p50}, p95 ${figures.behindLiveS.p95} s`],
  ]);
  return [
    null,
    ['over HTTP', `${http.joined} of ${http.asked} joined, ${http.reconnects} connections made anew`],
    ...http.reasons.map(({ reason, count }): Row => ['  failed', `${count} × ${reason}`]),
    ...planes,
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

function figure(value: number | null, unit = '', detail = ''): string {
  return value === null ? 'not measured' : `${value} ${unit}${detail}`.trimEnd();
}

/** Only where there is more than one node to spread over. */
function spreadOf({ nodes }: Report): [string, string][] {
  return nodes.length > 0
    ? [['listeners per node', nodes.map(({ id, listeners }) => `${id} ${listeners}`).join(', ')]]
    : [];
}
