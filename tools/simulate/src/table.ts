import type { CheckResult } from './check.ts';
import type { SimulationReport } from './report.ts';

const FAR_OFF_PCT = 30;
const NOT_MODELLED =
  'Possible reasons, none of which is in the model: a join among many costs less or more than one among a few, Redis and the process of the speaker take cores too, readings of /metrics take the workers, and whatever else ran on the machine.';

/** The report as text. */
export function formatTable(report: SimulationReport): string {
  const lines = figuresOf(report);
  const width = Math.max(...lines.map(([name]) => name.length));
  return [
    ...lines.map(([name, value]) => `${name.padEnd(width)}  ${value}`),
    '',
    'Assumed:',
    ...report.assumptions.map((assumption) => `- ${assumption}`),
    '',
    formatCheck(report.lastCheck),
  ].join('\n');
}

/** What was found, by name. */
export function figuresOf(report: SimulationReport): readonly (readonly [name: string, value: string])[] {
  const { options, counts, ttfaMs, recovery, cost, saturation, refusals } = report;
  const { nodes, cores, delivery } = options.cluster;
  const first = saturation.find(({ atS }) => atS !== null);
  return [
    ['cluster', `${nodes} nodes of ${cores} cores, ${delivery} delivery`],
    ['figures from', report.costsFrom],
    [
      'people',
      `${grouped(counts.arrived)} came, ${grouped(counts.listening)} in, ${grouped(counts.waiting)} waiting, ${grouped(counts.left)} gone again, ${counts.failed} failed`,
    ],
    ['everyone is in', report.everyoneInS === null ? 'never' : `after ${report.everyoneInS} s`],
    ['time to first audio', `p50 ${seconds(ttfaMs.p50)}, p95 ${seconds(ttfaMs.p95)}, p99 ${seconds(ttfaMs.p99)}`],
    ['longest wait', report.longestWaitS === null ? 'none' : `${report.longestWaitS} s`],
    ['told to come back', `${grouped(refusals)} times`],
    ['queue', queueText(report)],
    ['packets lost, most', `${report.mostLossPct} %`],
    ['full first', first ? `${first.resource}, at ${first.atS} s` : 'nothing'],
    ...saturation.map(({ resource, atS, peakPct }): [string, string] => [
      `  ${resource}`,
      `${atS === null ? 'never full' : `full at ${atS} s`}${peakPct === null ? '' : `, most ${peakPct} %`}`,
    ]),
    ...(recovery
      ? [
          [
            'recovery',
            `${grouped(recovery.people)} people, p50 ${seconds(recovery.p50)}, p95 ${seconds(recovery.p95)}, max ${seconds(recovery.maxMs)}`,
          ] as [string, string],
        ]
      : []),
    ['nodes for p95 under 3 s', report.nodesNeeded === null ? 'no number is enough' : `${report.nodesNeeded}`],
    ['cost', `${cost.cores} cores (${cost.coresUsed} busy at the end), ${cost.gbit} Gbit/s, ${cost.memoryGb} GB`],
    ['packet', `${cost.bytesPerPacket} bytes`],
    ['ROOM_CAPACITY and NODE_CAPACITY', `at least ${grouped(cost.roomCapacity)} on each node`],
  ];
}

/** Predicted and measured side by side. */
export function formatCheck(check: CheckResult | null): string {
  if (!check) return 'Not checked against a load test yet: npm run simulate -- --check';
  const rows = checkRowsOf(check);
  const widths = CHECK_HEAD.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd();
  return [captionOf(check), line(CHECK_HEAD), ...rows.map(line), ...remarksOf(check)].join('\n');
}

export const CHECK_HEAD = ['load test', 'figure', 'predicted', 'measured', 'error'] as const;

/** What is said above the rows of a check. */
export function captionOf({ date, cores }: CheckResult): string {
  return `Checked on ${date.slice(0, 10)}, ${cores} cores, server and clients on the same machine:`;
}

export function checkRowsOf({ cases }: CheckResult): string[][] {
  return cases.flatMap(({ name, figures }) =>
    figures.map(({ figure, predicted, measured, errorPct }) => [
      name,
      figure,
      text(predicted),
      text(measured),
      errorPct === null ? 'n/a' : `${errorPct > 0 ? '+' : ''}${errorPct} %`,
    ]),
  );
}

/** What a reader of a check has to know; the reasons where it is far off come last. */
export function remarksOf(check: CheckResult): string[] {
  const errors = check.cases.flatMap(({ figures }) => figures.flatMap(({ errorPct }) => errorPct ?? []));
  const isFarOff = errors.some((errorPct) => Math.abs(errorPct) > FAR_OFF_PCT);
  return [
    ...(check.note === undefined ? [] : [check.note]),
    ...(isFarOff ? [`Some are more than ${FAR_OFF_PCT} % off. ${NOT_MODELLED}`] : []),
  ];
}

function queueText({ queue }: SimulationReport): string {
  if (!queue) return 'nobody waited in it';
  const { longest, longestAtS, waitS, letIn, left } = queue;
  const ofS = (value: number | null) => (value === null ? 'n/a' : `${value} s`);
  const wait =
    letIn > 0 ? `${grouped(letIn)} let in after p50 ${ofS(waitS.p50)}, p95 ${ofS(waitS.p95)}` : 'none let in';
  return `longest ${grouped(longest)} at ${longestAtS} s, ${wait}, ${grouped(left)} in it at the end`;
}

function text(value: number | null): string {
  return value === null ? 'n/a' : String(value);
}

function seconds(ms: number | null): string {
  return ms === null ? 'n/a' : `${(ms / 1000).toFixed(2)} s`;
}

export function grouped(value: number): string {
  return value.toLocaleString('en-US');
}
