import type { AudienceCount } from '../people/AudiencePart.ts';
import type { LoadTestPhase, SeriesPoint } from '../report/series.ts';

/** How a run goes, at one moment. */
export interface Progress extends AudienceCount {
  readonly phase: LoadTestPhase;
  readonly asked: number;
  readonly ttfaP50Ms: number | null;
  readonly ttfaP95Ms: number | null;
  /** Received by all listeners, since the last progress. */
  readonly packetsPerSecond: number;
  readonly elapsedS: number;
  /** Of all processes of the load test, of one core; null at first. */
  readonly generatorCpuPct: number | null;
  /** Each second so far. */
  readonly points: readonly SeriesPoint[];
}

/** Eighths of a character cell, from the bottom. */
const BARS = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const LABEL_WIDTH = 12;
const MIN_CHART_WIDTH = 10;
const MAX_CHART_WIDTH = 120;

/** One line, for a log. */
export function formatProgress(progress: Progress): string {
  const { phase, waiting, joined, asked, failed, packetsPerSecond, elapsedS } = progress;
  const waiters = waiting > 0 ? `, ${waiting} waiting` : '';
  const failures = failed > 0 ? `, ${failed} failed` : '';
  return `${elapsedS.toFixed(0).padStart(4)} s  ${phase}: ${joined}/${asked} joined${waiters}${failures}, ${Math.round(packetsPerSecond)} packets/s`;
}

/** A few lines for a terminal of so many columns, none of them longer. */
export function formatLive(progress: Progress, columns: number): string[] {
  const { phase, asked, arrived, waiting, joined, failed, toldToWait, reasons, elapsedS, points } = progress;
  const last = points.at(-1);
  const people = [`${joined} of ${asked} joined`, `${arrived} arrived`];
  if (waiting > 0) people.push(`${waiting} wait for the start`);
  if (toldToWait > 0) people.push(`${toldToWait} told to come back`);
  if (failed > 0) people.push(`${failed} failed`);
  const server = [
    ...(last?.workers ?? []).map(({ worker, cpuPct }) => `worker ${worker} ${percent(cpuPct)}`),
    `Node ${percent(last?.nodeCpuPct ?? null)}`,
    `load test ${percent(progress.generatorCpuPct)}`,
  ];
  const sound = [
    `p50 ${milliseconds(progress.ttfaP50Ms)}, p95 ${milliseconds(progress.ttfaP95Ms)}`,
    `loss ${typeof last?.lossPct === 'number' ? `${last.lossPct} %` : '–'}`,
    `${Math.round(progress.packetsPerSecond)} packets/s`,
  ];
  const width = Math.min(MAX_CHART_WIDTH, Math.max(MIN_CHART_WIDTH, columns - LABEL_WIDTH - 12));
  const lines = [
    line(`${elapsedS.toFixed(0)} s`, phase),
    line('people', people.join(', ')),
    line('first audio', sound.join(', ')),
    line('CPU', server.join(', ')),
    ...reasons.slice(0, 3).map(({ reason, count }) => line('  failed', `${count} × ${reason}`)),
    chart('arrivals/s', perSecond(points, 'arrived'), width),
    chart('joined/s', perSecond(points, 'joined'), width),
  ];
  return lines.map((text) => text.slice(0, columns - 1));
}

function line(label: string, text: string): string {
  return `${label.padEnd(LABEL_WIDTH)}${text}`;
}

function percent(value: number | null): string {
  return value === null ? '–' : `${Math.round(value)} %`;
}

function milliseconds(value: number | null): string {
  return value === null ? '–' : `${Math.round(value)} ms`;
}

function perSecond(points: readonly SeriesPoint[], of: 'arrived' | 'joined'): number[] {
  return points.map((point, index) => {
    const before = points[index - 1];
    const seconds = point.s - (before?.s ?? point.s - 1);
    return Math.max(0, (point[of] - (before?.[of] ?? 0)) / Math.max(seconds, 0.1));
  });
}

/** The newest values, one a column, with the largest of them named. */
function chart(label: string, values: readonly number[], width: number): string {
  const shown = values.slice(-width);
  const top = Math.max(1, ...shown);
  const bars = shown.map((value) => BARS[Math.ceil((value / top) * (BARS.length - 1))]);
  return line(label, `${bars.join('').padEnd(width)} ${shown.length > 0 ? `max ${Math.round(top)}` : ''}`);
}
