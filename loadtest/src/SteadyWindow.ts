import type { Listener } from './Listener.ts';
import type { StreamCounts } from './SequenceTracker.ts';
import { difference, lostOf, sumCounts } from './stats.ts';

/** Silence longer than this at the end of the window is no pause between words: DTX sends a packet each 400 ms. */
const STALL_MS = 1500;

export interface WindowResult {
  readonly seconds: number;
  /** Those who were listening when it began. */
  readonly listeners: number;
  readonly counts: StreamCounts;
  /** Gaps in the sequence, and, for those who heard no more, what they would have got. */
  readonly lost: number;
  readonly jitterMs: readonly number[];
  /** Listeners whose media was built anew, at the server's word. */
  readonly restarted: number;
}

type Heard = Pick<Listener, 'state' | 'counts' | 'lastAudioMs' | 'jitterMs' | 'mediaRestarts' | 'fail'>;

interface Beginning {
  readonly counts: StreamCounts;
  readonly mediaRestarts: number;
}

/** The time in which nobody joins: what everyone receives between two moments. */
export class SteadyWindow {
  readonly #from: ReadonlyMap<Heard, Beginning>;
  readonly #startedMs = performance.now();

  constructor(listeners: readonly Heard[]) {
    const listening = listeners.filter(({ state }) => state.kind === 'listening');
    this.#from = new Map(
      listening.map((listener) => [listener, { counts: listener.counts(), mediaRestarts: listener.mediaRestarts }]),
    );
  }

  /** Ends the window: those who stopped hearing within it, without a connection lost, are failed as `stalled`. */
  close(): WindowResult {
    const nowMs = performance.now();
    const rows = [...this.#from].map(([listener, from]) => this.#describe(listener, from, nowMs));
    const packetsPerMs = sumOf(rows, ({ counts }) => counts.expected) / sumOf(rows, ({ heardMs }) => heardMs);
    let lost = 0;
    for (const { listener, counts, heardMs, silentMs } of rows) {
      lost += lostOf(counts);
      if (silentMs < STALL_MS) continue;
      listener.fail('stalled');
      // Sequence numbers say nothing of what came after the last packet; the rate before it does.
      const rate = heardMs > STALL_MS ? counts.expected / heardMs : packetsPerMs;
      lost += Number.isFinite(rate) ? Math.round(rate * silentMs) : 0;
    }
    return {
      seconds: (nowMs - this.#startedMs) / 1000,
      listeners: rows.length,
      counts: sumCounts(rows.map(({ counts }) => counts)),
      lost,
      restarted: rows.filter(({ restarted }) => restarted).length,
      jitterMs: rows.map(({ listener }) => listener.jitterMs),
    };
  }

  #describe(listener: Heard, from: Beginning, nowMs: number) {
    const lastMs = Math.max(this.#startedMs, listener.lastAudioMs ?? 0);
    return {
      listener,
      counts: difference(from.counts, listener.counts()),
      restarted: listener.mediaRestarts > from.mediaRestarts,
      heardMs: lastMs - this.#startedMs,
      silentMs: nowMs - lastMs,
    };
  }
}

/** What several processes measured at the same time. */
export function mergeWindows(windows: readonly WindowResult[]): WindowResult {
  return {
    seconds: sumOf(windows, ({ seconds }) => seconds) / windows.length,
    listeners: sumOf(windows, ({ listeners }) => listeners),
    counts: sumCounts(windows.map(({ counts }) => counts)),
    lost: sumOf(windows, ({ lost }) => lost),
    jitterMs: windows.flatMap(({ jitterMs }) => jitterMs),
    restarted: sumOf(windows, ({ restarted }) => restarted),
  };
}

function sumOf<T>(items: readonly T[], valueOf: (item: T) => number): number {
  return items.reduce((sum, item) => sum + valueOf(item), 0);
}
