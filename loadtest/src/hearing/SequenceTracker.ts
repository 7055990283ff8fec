import { MAX_DROPOUT, MAX_MISORDER, unwrapSequence } from '@tribune/shared/rtp/numbering.ts';
import { OPUS_CLOCK_HZ } from '@tribune/shared/rtp.ts';

const SEQUENCE_MODULUS = 0x1_0000;

/** Running totals of one stream; the difference of two of them describes the time between. */
export interface StreamCounts {
  /** Packets, duplicates left out. */
  readonly received: number;
  /** Packets that the sequence numbers say were sent. */
  readonly expected: number;
  readonly duplicates: number;
  /** Packets that came after one with a higher sequence number. */
  readonly reordered: number;
  /** Times at which the sender began a new numbering. */
  readonly restarts: number;
}

/** Counts one RTP stream as a receiver does: extended sequence numbers and jitter after RFC 3550, appendices A.1, A.3 and A.8. */
export class SequenceTracker {
  readonly #clockHz: number;
  /** One flag for each of the newest sequence numbers, to tell a late packet from a duplicate. */
  readonly #seen = new Uint8Array(MAX_DROPOUT);
  #base = -1;
  #highest = -1;
  #expectedBefore = 0;
  #received = 0;
  #duplicates = 0;
  #reordered = 0;
  #restarts = 0;
  #restartCandidate = -1;
  #jitter = 0;
  #transit = Number.NaN;
  #lastArrivalMs = Number.NaN;

  constructor(clockHz = OPUS_CLOCK_HZ) {
    this.#clockHz = clockHz;
  }

  /** Arrival of the newest packet on the caller's clock; NaN before the first. */
  get lastArrivalMs(): number {
    return this.#lastArrivalMs;
  }

  /** Highest sequence number received, extended by the count of wraps. */
  get extendedHighestSequence(): number {
    return this.#highest;
  }

  /** Interarrival jitter in units of the stream's clock. */
  get jitter(): number {
    return this.#jitter;
  }

  get jitterMs(): number {
    return (this.#jitter / this.#clockHz) * 1000;
  }

  /**
   * @param sequenceNumber 16 bits
   * @param timestamp 32 bits, in units of the clock
   * @param arrivalMs of a monotonic clock
   */
  add(sequenceNumber: number, timestamp: number, arrivalMs: number): void {
    this.#lastArrivalMs = arrivalMs;
    if (this.#highest < 0) {
      this.#begin(sequenceNumber);
    } else if (!this.#count(sequenceNumber)) {
      return;
    }
    this.#updateJitter(timestamp, arrivalMs);
  }

  counts(): StreamCounts {
    return {
      received: this.#received,
      expected: this.#expectedBefore + this.#expectedSinceBase(),
      duplicates: this.#duplicates,
      reordered: this.#reordered,
      restarts: this.#restarts,
    };
  }

  #begin(sequenceNumber: number): void {
    this.#base = sequenceNumber;
    this.#highest = sequenceNumber;
    this.#seen.fill(0);
    this.#mark(sequenceNumber);
    this.#received += 1;
    this.#transit = Number.NaN;
  }

  /** Returns whether the packet is one more of the stream. */
  #count(sequenceNumber: number): boolean {
    const sequence = unwrapSequence(this.#highest, sequenceNumber);
    const step = sequence - this.#highest;
    if (step > 0 && step < MAX_DROPOUT) return this.#advance(sequence);
    if (step <= 0 && step >= -MAX_MISORDER) return this.#countLate(sequence);
    return this.#considerRestart(sequenceNumber);
  }

  #advance(sequence: number): boolean {
    for (let skipped = this.#highest + 1; skipped < sequence; skipped++) this.#seen[skipped % MAX_DROPOUT] = 0;
    this.#highest = sequence;
    this.#mark(sequence);
    this.#received += 1;
    this.#restartCandidate = -1;
    return true;
  }

  #countLate(sequence: number): boolean {
    if (sequence >= 0 && sequence >= this.#base && this.#seen[sequence % MAX_DROPOUT] === 1) {
      this.#duplicates += 1;
      return false;
    }
    this.#reordered += 1;
    this.#received += 1;
    // Before the first packet seen: the stream began earlier than it seemed.
    this.#base = Math.min(this.#base, sequence);
    if (sequence >= 0) this.#mark(sequence);
    return true;
  }

  /** Two consecutive numbers far away are a sender that numbers anew; a single one is noise. */
  #considerRestart(sequenceNumber: number): boolean {
    if (sequenceNumber !== this.#restartCandidate) {
      this.#restartCandidate = (sequenceNumber + 1) % SEQUENCE_MODULUS;
      return false;
    }
    this.#expectedBefore += this.#expectedSinceBase();
    this.#restarts += 1;
    this.#restartCandidate = -1;
    this.#begin(sequenceNumber);
    // The packet before was held back as noise.
    this.#base = sequenceNumber - 1;
    this.#received += 1;
    return true;
  }

  #expectedSinceBase(): number {
    return this.#highest < 0 ? 0 : this.#highest - this.#base + 1;
  }

  #mark(sequence: number): void {
    this.#seen[sequence % MAX_DROPOUT] = 1;
  }

  #updateJitter(timestamp: number, arrivalMs: number): void {
    // Both terms wrap with the timestamp; only their difference from packet to packet counts.
    const transit = ((arrivalMs * this.#clockHz) / 1000 - timestamp) % 0x1_0000_0000;
    if (!Number.isNaN(this.#transit)) {
      let difference = Math.abs(transit - this.#transit);
      if (difference > 0x8000_0000) difference = 0x1_0000_0000 - difference;
      this.#jitter += (difference - this.#jitter) / 16;
    }
    this.#transit = transit;
  }
}
