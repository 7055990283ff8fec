import { epochMs } from '../clock.ts';
import { Histogram } from './Histogram.ts';
import { MAX_DROPOUT, sequenceStep, timestampStep } from '@tribune/shared/rtp/numbering.ts';
import { OPUS_CLOCK_HZ, timestampAt } from '@tribune/shared/rtp.ts';

const TICKS_PER_MS = OPUS_CLOCK_HZ / 1000;
/** Beyond these, a timestamp is not of a sender that stamps by the clock. */
const MIN_LATENCY_MS = -1000;
const MAX_LATENCY_MS = 10_000;
/** Later than the fastest packet by more than this, a packet comes too late for a jitter buffer of common size. */
const STALL_MS = 60;
/** The first half of a longer packet waits for the second, and whoever plays them is prepared for that. */
const USUAL_PACKET_TICKS = 60 * TICKS_PER_MS;
const DEFAULT_PACKET_TICKS = 20 * TICKS_PER_MS;
/** The longest Opus packet, so that a pause is not taken for one. */
const MAX_PACKET_TICKS = 120 * TICKS_PER_MS;

/** How one listener heard within some time. Everything adds up over streams and goes through a structured clone. */
export interface Quality {
  /** Of `Histogram`, one-way, of packets whose timestamps are of the clock; empty where no timestamp was. */
  readonly latencyBins: Uint32Array;
  /** Runs of lost packets and packets that came too late. */
  readonly gaps: number;
  readonly gapMs: number;
  readonly longestGapMs: number;
  /** Runs of packets lost in a row, and packets in them. */
  readonly lossRuns: number;
  readonly lostInRuns: number;
  /** Packets that are not what the stream should carry; only a full listener can tell. */
  readonly corrupt: number;
  /** Packets of audio that the emulated network took away. */
  readonly inflicted: number;
}

/** How long ago a stamped packet was due, in ms, the wrap of the timestamp allowed for. */
export function latencyOf(timestamp: number, arrivalEpochMs: number): number {
  return timestampStep(timestamp, timestampAt(arrivalEpochMs)) / TICKS_PER_MS;
}

/** Measures latency and gaps of one RTP stream. Pauses of speech are no gaps: they move the timestamp and not the sequence. */
export class StreamQuality {
  #latency = new Histogram();
  #gaps = 0;
  #gapMs = 0;
  #longestGapMs = 0;
  #lossRuns = 0;
  #lostInRuns = 0;
  #sequence = -1;
  #timestamp = 0;
  #packetTicks = DEFAULT_PACKET_TICKS;
  /** Of those since `take()`. */
  #longestTicks = DEFAULT_PACKET_TICKS;
  #transit = Number.NaN;
  /** How much longer the newest packet took than the fastest one. */
  #latenessMs = 0;
  #stallMs = 0;

  /** @param arrivalMs of `performance.now()`. */
  add(sequence: number, timestamp: number, arrivalMs: number): void {
    const latencyMs = latencyOf(timestamp, arrivalMs - performance.now() + epochMs());
    if (latencyMs > MIN_LATENCY_MS && latencyMs < MAX_LATENCY_MS) this.#latency.add(latencyMs);
    const step = this.#sequence < 0 ? MAX_DROPOUT : sequenceStep(this.#sequence, sequence);
    // Late or a duplicate: its gap was counted when its successor came.
    if (step <= 0 && step >= -MAX_DROPOUT) return;
    const isAnew = Math.abs(step) >= MAX_DROPOUT;
    if (!isAnew) this.#countLoss(step - 1, (timestamp - this.#timestamp) >>> 0);
    this.#countLateness(isAnew, timestamp, arrivalMs);
    this.#sequence = sequence;
    this.#timestamp = timestamp;
  }

  /** What was measured since the last call; what follows begins anew. */
  take(): Quality {
    this.#endStall();
    const taken: Quality = {
      latencyBins: this.#latency.bins,
      gaps: this.#gaps,
      gapMs: this.#gapMs,
      longestGapMs: this.#longestGapMs,
      lossRuns: this.#lossRuns,
      lostInRuns: this.#lostInRuns,
      corrupt: 0,
      inflicted: 0,
    };
    this.#latency = new Histogram();
    this.#longestTicks = this.#packetTicks;
    this.#gaps = this.#gapMs = this.#longestGapMs = this.#lossRuns = this.#lostInRuns = 0;
    return taken;
  }

  #countLoss(lost: number, ticks: number): void {
    if (lost === 0) {
      if (ticks > 0 && ticks <= MAX_PACKET_TICKS) this.#packetTicks = ticks;
      this.#longestTicks = Math.max(this.#longestTicks, this.#packetTicks);
      return;
    }
    this.#lossRuns += 1;
    this.#lostInRuns += lost;
    this.#countGap((lost * this.#packetTicks) / TICKS_PER_MS);
  }

  /** Packets that are late one after the other are one gap, as long as the latest of them was late. */
  #countLateness(isAnew: boolean, timestamp: number, arrivalMs: number): void {
    const transit = arrivalMs * TICKS_PER_MS - timestamp;
    if (isAnew || Number.isNaN(this.#transit)) {
      this.#endStall();
      this.#latenessMs = 0;
    } else {
      // Summed up from packet to packet, since the timestamp wraps.
      const change = (Math.round(transit - this.#transit) | 0) / TICKS_PER_MS;
      // Faster than the fastest so far: others are late against this one.
      this.#latenessMs = Math.max(0, this.#latenessMs + change);
    }
    this.#transit = transit;
    const limitMs = STALL_MS + Math.max(0, this.#longestTicks - USUAL_PACKET_TICKS) / TICKS_PER_MS;
    if (this.#latenessMs > limitMs) this.#stallMs = Math.max(this.#stallMs, this.#latenessMs);
    else this.#endStall();
  }

  #endStall(): void {
    if (this.#stallMs > 0) this.#countGap(this.#stallMs);
    this.#stallMs = 0;
  }

  #countGap(ms: number): void {
    this.#gaps += 1;
    this.#gapMs += ms;
    this.#longestGapMs = Math.max(this.#longestGapMs, ms);
  }
}

export const NO_QUALITY: Quality = {
  latencyBins: new Histogram().bins,
  gaps: 0,
  gapMs: 0,
  longestGapMs: 0,
  lossRuns: 0,
  lostInRuns: 0,
  corrupt: 0,
  inflicted: 0,
};

export function mergeQualities(all: readonly Quality[]): Quality {
  const latency = new Histogram();
  const sum = { ...NO_QUALITY, latencyBins: latency.bins };
  for (const quality of all) {
    latency.merge(quality.latencyBins);
    sum.longestGapMs = Math.max(sum.longestGapMs, quality.longestGapMs);
    for (const key of ['gaps', 'gapMs', 'lossRuns', 'lostInRuns', 'corrupt', 'inflicted'] as const) {
      sum[key] += quality[key];
    }
  }
  return sum;
}
