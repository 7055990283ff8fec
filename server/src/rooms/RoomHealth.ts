import { WEAK_CONNECTION } from '@tribune/shared/domain.ts';
import type { QualitySummary, RoomHealthInfo, Spread } from '@tribune/shared/protocol.ts';
import type { QualityReport } from '@tribune/shared/schemas.ts';

const SAMPLE_EVERY_S = 10;
/** Two hours. */
const MAX_SAMPLES = 720;
/** Reports are summed up over this much, and over this many of them at most. */
const REPORT_WINDOW_MS = 5 * 60_000;
const MAX_REPORTS = 512;
/** A large audience reports less often, so that about so many reports arrive in a second whatever its size. */
const REPORTS_PER_S = 20;
const REPORT_MIN_S = 20;
/** Reports further apart than this would say nothing of the moment. */
const REPORT_MAX_S = 600;

interface Sample {
  readonly listeners: number;
  readonly reactions: number;
}

/** How often each of so many people reports. */
export function reportEveryS(people: number): number {
  return Math.min(REPORT_MAX_S, Math.max(REPORT_MIN_S, Math.ceil(people / REPORTS_PER_S)));
}

/** How one room does: two hours of samples, and what connections said of themselves lately. Its size does not grow. */
export class RoomHealth {
  readonly #samples: Sample[] = [];
  readonly #reports: { readonly atMs: number; readonly report: QualityReport }[] = [];
  #sampledAtMs: number;
  #reactions = 0;

  /** All times by the monotonic clock: a wall clock that is set makes no gap. */
  constructor(nowMs = performance.now()) {
    this.#sampledAtMs = nowMs;
  }

  addReactions(count: number): void {
    this.#reactions += count;
  }

  addReport(report: QualityReport, nowMs = performance.now()): void {
    this.#reports.push({ atMs: nowMs, report });
    if (this.#reports.length > MAX_REPORTS) this.#reports.shift();
  }

  /** Call it about once a second. A tick that came late leaves no gap: the samples stay evenly spaced. */
  tick(listeners: number, nowMs = performance.now()): void {
    const due = Math.floor((nowMs - this.#sampledAtMs) / (SAMPLE_EVERY_S * 1000));
    for (let i = Math.max(0, due - MAX_SAMPLES); i < due; i++) {
      this.#samples.push({ listeners, reactions: i === due - 1 ? this.#reactions : 0 });
    }
    if (due <= 0) return;
    this.#samples.splice(0, this.#samples.length - MAX_SAMPLES);
    this.#sampledAtMs += due * SAMPLE_EVERY_S * 1000;
    this.#reactions = 0;
  }

  /** Of this node, those of the last minutes. */
  recentReports(nowMs = performance.now()): QualityReport[] {
    return this.#reports.filter(({ atMs }) => nowMs - atMs <= REPORT_WINDOW_MS).map(({ report }) => report);
  }

  /** @param elsewhere what connections to other nodes said of themselves lately */
  toInfo(elsewhere: readonly QualityReport[] = [], nowMs = performance.now()): RoomHealthInfo {
    return {
      at: Math.round(Date.now() - (nowMs - this.#sampledAtMs)),
      everyS: SAMPLE_EVERY_S,
      listeners: this.#samples.map(({ listeners }) => listeners),
      reactions: this.#samples.map(({ reactions }) => reactions),
      quality: summarize([...this.recentReports(nowMs), ...elsewhere]),
    };
  }
}

function summarize(reports: readonly QualityReport[]): QualitySummary {
  const spread = (name: keyof QualityReport) => spreadOf(reports.map((report) => report[name]));
  return {
    reports: reports.length,
    weak: reports.filter(isWeak).length,
    ttfaMs: spread('ttfaMs'),
    rttMs: spread('rttMs'),
    lossPct: spread('lossPct'),
    jitterMs: spread('jitterMs'),
  };
}

function isWeak({ lossPct, rttMs, jitterMs }: QualityReport): boolean {
  const limits = WEAK_CONNECTION;
  return (lossPct ?? 0) > limits.lossPct || (rttMs ?? 0) > limits.roundTripMs || (jitterMs ?? 0) > limits.jitterMs;
}

function spreadOf(values: readonly (number | null | undefined)[]): Spread | null {
  const sorted = values.filter((value) => typeof value === 'number').toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  const median = at(0.5);
  const p95 = at(0.95);
  return median === undefined || p95 === undefined ? null : { median, p95 };
}
