import type { Listener } from './Listener.ts';
import type { StreamCounts } from './SequenceTracker.ts';
import { difference, lostOf, percentile, sumCounts } from './stats.ts';

/** Silence longer than this at the end of the window is no pause between words: DTX sends a packet each 400 ms. */
const STALL_MS = 1500;

export interface WindowResult {
  readonly seconds: number;
  /** Those who were listening when it began. */
  readonly listeners: number;
  readonly counts: StreamCounts;
  /** Gaps in the sequence, and what those who heard no more did not get. */
  readonly lost: number;
  readonly jitterMs: readonly number[];
}

/** The time in which nobody joins: what everyone receives between two moments. */
export class SteadyWindow {
  readonly #from: ReadonlyMap<Listener, StreamCounts>;
  readonly #startedMs = performance.now();

  constructor(listeners: readonly Listener[]) {
    const listening = listeners.filter(({ state }) => state.kind === 'listening');
    this.#from = new Map(listening.map((listener) => [listener, listener.counts()]));
  }

  /** Ends the window: those who stopped hearing within it, without a connection lost, are failed as `stalled`. */
  close(): WindowResult {
    const nowMs = performance.now();
    const rows = [...this.#from].map(([listener, from]) => ({ listener, counts: difference(from, listener.counts()) }));
    const usual = percentile(rows.map(({ counts }) => counts.expected).toSorted((a, b) => a - b), 0.5) ?? 0;
    let lost = 0;
    for (const { listener, counts } of rows) {
      const silent = nowMs - (listener.lastAudioMs ?? 0) > STALL_MS;
      if (silent) listener.fail('stalled');
      // The sequence numbers of a stream that ended early know nothing of the rest: there, others' count is the measure.
      const gone = silent || listener.state.kind === 'failed';
      lost += gone ? Math.max(lostOf(counts), usual - counts.received) : lostOf(counts);
    }
    return {
      seconds: (nowMs - this.#startedMs) / 1000,
      listeners: rows.length,
      counts: sumCounts(rows.map(({ counts }) => counts)),
      lost,
      jitterMs: rows.map(({ listener }) => listener.jitterMs),
    };
  }
}
