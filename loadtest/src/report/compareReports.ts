/** Compares the figures that both reports have, so that either can be of an older load test. */
type Json = { readonly [key: string]: unknown };

/** Figures worth a line, by their path in the report. */
const FIGURES: readonly (readonly [path: string, label: string, unit: string])[] = [
  ['listeners.asked', 'listeners', ''],
  ['listeners.joined', 'joined', ''],
  ['joinMs.p50', 'time to join p50', 'ms'],
  ['joinMs.p95', 'time to join p95', 'ms'],
  ['joinMs.p99', 'time to join p99', 'ms'],
  ['ttfaMs.p50', 'time to first audio p50', 'ms'],
  ['ttfaMs.p95', 'time to first audio p95', 'ms'],
  ['ttfaMs.p99', 'time to first audio p99', 'ms'],
  ['joinsPerSecond', 'joins per second', ''],
  ['lossPct', 'loss', '%'],
  ['packetsPerListenerPerSecond', 'packets per listener and second', ''],
  ['jitterMs.p95', 'jitter p95', 'ms'],
  ['latencyMs.p50', 'latency p50', 'ms'],
  ['latencyMs.p95', 'latency p95', 'ms'],
  ['longestGapMs.p95', 'longest gap p95', 'ms'],
  ['mos.p50', 'MOS p50', ''],
  ['sfu.cpuUsPerPacket', 'SFU CPU per packet', 'µs'],
  ['sfu.cpuMsPerListenerSecond', 'SFU CPU per listener and second', 'ms'],
  ['sfu.rssMb', 'SFU memory', 'MB'],
  ['sfu.nodeCpuPct', 'server Node CPU', '%'],
  ['browsers.joined', 'browsers joined', ''],
  ['browsers.ttfaMs.p95', 'first audio heard in browsers p95', 'ms'],
  ['browsers.measuring.jitterBufferMs', 'jitter buffer of browsers', 'ms'],
  ['browsers.measuring.concealedPct', 'concealed in browsers', '%'],
  ['generator.cpuPct', 'load test CPU', '%'],
  ['generator.eventLoopDelayMs.p99', 'load test lateness p99', 'ms'],
];

/** Options in which the reports differ: each makes it a comparison of two different things. */
const CONDITIONS = [
  'listeners',
  'speakers',
  'openMics',
  'arrivals',
  'durationS',
  'processes',
  'full',
  'slow',
  'browsers',
  'behaviour',
  'muteEveryS',
];

/** Two reports side by side, with the second as a multiple of the first. */
export function compareReports(a: Json, b: Json): string {
  const rows = FIGURES.map(([path, label, unit]) => rowOf(label, unit, figureAt(a, path), figureAt(b, path)));
  const limits = ['at its limit', textOf(a.limit), textOf(b.limit), ''];
  const table = [['', 'A', 'B', 'B / A'], ...rows, limits];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]!.length)));
  const lines = table.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
      .join('   ')
      .trimEnd(),
  );
  return [...lines, ...differencesOf(a, b)].join('\n');
}

function rowOf(label: string, unit: string, a: number | null, b: number | null): string[] {
  const cell = (value: number | null) => (value === null ? '–' : `${value}${unit && ` ${unit}`}`);
  const ratio = a !== null && b !== null && a !== 0 ? `× ${(b / a).toFixed(2)}` : '';
  return [label, cell(a), cell(b), ratio];
}

function differencesOf(a: Json, b: Json): string[] {
  const same = (name: string) => JSON.stringify(at(a, ['options', name])) === JSON.stringify(at(b, ['options', name]));
  const different = CONDITIONS.filter((name) => !same(name));
  return different.length === 0 ? [] : ['', `Not the same run: ${different.join(', ')} differ.`];
}

function figureAt(report: Json, path: string): number | null {
  const value = at(report, path.split('.'));
  return typeof value === 'number' ? value : null;
}

function at(report: Json, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? (value as Json)[key] : undefined),
    report,
  );
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '–';
}
