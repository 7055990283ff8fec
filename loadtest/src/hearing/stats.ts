import type { StreamCounts } from './SequenceTracker.ts';

/** Percentiles of a set of durations in ms, rounded to 0.1; null where nothing was measured. */
export interface Percentiles {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

/** The smallest value that at least `share` (0 to 1) of all values do not exceed: the nearest-rank percentile. */
export function percentile(sorted: readonly number[], share: number): number | null {
  if (sorted.length === 0) return null;
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  return sorted[Math.min(rank, sorted.length) - 1]!;
}

export function percentilesOf(values: readonly number[]): Percentiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => roundOrNull(percentile(sorted, share), 1);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/** The values at each percent from 0 to 100, for a distribution that can be drawn; none where nothing was measured. */
export function quantilesOf(values: readonly number[], digits = 1): number[] {
  const sorted = values.toSorted((a, b) => a - b);
  if (sorted.length === 0) return [];
  return Array.from({ length: 101 }, (_, percent) => round(percentile(sorted, percent / 100)!, digits));
}

/** What one listener received between two moments; `expected - received` is lost. */
export function difference(from: StreamCounts, to: StreamCounts): StreamCounts {
  return {
    received: to.received - from.received,
    expected: to.expected - from.expected,
    duplicates: to.duplicates - from.duplicates,
    reordered: to.reordered - from.reordered,
    restarts: to.restarts - from.restarts,
  };
}

export const NO_COUNTS: StreamCounts = { received: 0, expected: 0, duplicates: 0, reordered: 0, restarts: 0 };

export function sumCounts(all: Iterable<StreamCounts>): StreamCounts {
  const sum = { ...NO_COUNTS };
  for (const counts of all) {
    sum.received += counts.received;
    sum.expected += counts.expected;
    sum.duplicates += counts.duplicates;
    sum.reordered += counts.reordered;
    sum.restarts += counts.restarts;
  }
  return sum;
}

/** Lost packets: what a receiver calls negative, because of late packets at an edge of the window, is none. */
export function lostOf(counts: StreamCounts): number {
  return Math.max(0, counts.expected - counts.received);
}

/** How often each text occurs, the most frequent first. */
export function tally(reasons: readonly string[]): { reason: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts]
    .map(([reason, count]) => ({ reason, count }))
    .sort((a, b) => b.count - a.count || a.reason.localeCompare(b.reason));
}

export function round(value: number, digits: number): number {
  const factor = 10 ** digits;
  return Math.round(value * factor) / factor;
}

export function roundOrNull(value: number | null, digits: number): number | null {
  return value === null || !Number.isFinite(value) ? null : round(value, digits);
}
