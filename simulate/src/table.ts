import type { CheckResult } from './check.ts';
import type { SimulationReport } from './report.ts';

/** The report as text. */
export function formatTable(report: SimulationReport): string {
  const { options, counts, ttfaMs, recovery, cost, saturation, refusals } = report;
  const { nodes, cores, delivery } = options.cluster;
  const first = saturation.find(({ atS }) => atS !== null);
  const lines: [string, string][] = [
    ['cluster', `${nodes} nodes of ${cores} cores, ${delivery} delivery`],
    ['figures from', report.costsFrom],
    [
      'people',
      `${grouped(counts.arrived)} came, ${grouped(counts.listening)} in, ${counts.waiting} waiting, ${counts.failed} failed`,
    ],
    ['everyone is in', report.everyoneInS === null ? 'never' : `after ${report.everyoneInS} s`],
    ['time to first audio', `p50 ${seconds(ttfaMs.p50)}, p95 ${seconds(ttfaMs.p95)}, p99 ${seconds(ttfaMs.p99)}`],
    ['longest wait', report.longestWaitS === null ? 'none' : `${report.longestWaitS} s`],
    ['told to come back', `${grouped(refusals)} times`],
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
    ['ROOM_CAPACITY', `at least ${grouped(cost.roomCapacity)} on each node`],
  ];
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

/** Predicted and measured side by side. */
export function formatCheck(check: CheckResult | null): string {
  if (!check) return 'Not checked against a load test yet: npm run simulate -- --check';
  const head = ['load test', 'figure', 'predicted', 'measured', 'error'];
  const rows = check.cases.flatMap(({ name, figures }) =>
    figures.map(({ figure, predicted, measured, errorPct }) => [
      name,
      figure,
      text(predicted),
      text(measured),
      errorPct === null ? 'n/a' : `${errorPct > 0 ? '+' : ''}${errorPct} %`,
    ]),
  );
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd();
  return [
    `Checked on ${check.date.slice(0, 10)}, ${check.cores} cores, server and clients on the same machine:`,
    line(head),
    ...rows.map(line),
    ...(check.note === undefined ? [] : [check.note]),
    'Admission was open in these load tests: waiting for it is not checked.',
  ].join('\n');
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
