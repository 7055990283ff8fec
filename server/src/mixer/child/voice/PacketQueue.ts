import { sequenceStep, timestampStep, unwrapSequence, unwrapTimestamp } from '@tribune/shared/rtp/numbering.ts';
import { SAMPLE_RATE, SAMPLES_PER_MS } from '../sound.ts';

/** One packet of a voice. Its sequence and timestamp are unwrapped, so that they only ever go up. */
export interface QueuedPacket {
  readonly sequence: number;
  /** In samples. */
  readonly timestamp: number;
  readonly arrivalMs: number;
  readonly payload: Uint8Array;
}

export interface ArrivedPacket {
  /** 16 bits, as received. */
  readonly sequenceNumber: number;
  /** 32 bits, as received. */
  readonly timestamp: number;
  readonly arrivalMs: number;
  readonly payload: Uint8Array;
}

/** 1.3 s of packets of 20 ms, which is more than the longest delay. A flood pushes out the oldest packets of its own voice. */
const CAPACITY = 64;
/** A packet that is further from the stream than this, in sequence or time, is of another stream, or forged. */
const MAX_SEQUENCE_JUMP = 500;
const MAX_TIME_JUMP_SAMPLES = 2 * SAMPLE_RATE;

/** Puts the packets of one voice in order, once each, across wraps of their numbers and restarts of their sender. */
export class PacketQueue {
  readonly #packets: QueuedPacket[] = [];
  #newest: QueuedPacket | null = null;
  /** The last packet that did not fit: a second one that fits it makes it the stream (as RFC 3550, appendix A.1). */
  #strange: ArrivedPacket | null = null;

  get size(): number {
    return this.#packets.length;
  }

  get first(): QueuedPacket | null {
    return this.#packets[0] ?? null;
  }

  /**
   * Puts a packet in its place.
   *
   * @returns the packet as it was queued, and whether its sender restarted, which makes all packets before it void; null for a
   * duplicate, and for a packet that does not fit the stream
   */
  insert(arrived: ArrivedPacket): { packet: QueuedPacket; restarted: boolean } | null {
    const newest = this.#newest;
    if (newest && fits(arrived, newest.sequence, newest)) {
      this.#strange = null;
      const packet = unwrap(arrived, newest);
      return this.#place(packet) ? { packet, restarted: false } : null;
    }
    if (newest && !(this.#strange && fits(arrived, this.#strange.sequenceNumber, this.#strange))) {
      this.#strange = arrived;
      return null;
    }
    this.clear();
    const { timestamp, arrivalMs, payload } = arrived;
    const packet = { sequence: arrived.sequenceNumber, timestamp, arrivalMs, payload };
    this.#place(packet);
    return { packet, restarted: newest !== null };
  }

  shift(): void {
    this.#packets.shift();
  }

  clear(): void {
    this.#packets.length = 0;
    this.#newest = null;
    this.#strange = null;
  }

  #place(packet: QueuedPacket): boolean {
    let at = this.#packets.length;
    while (at > 0 && this.#packets[at - 1]!.sequence > packet.sequence) at--;
    if (this.#packets[at - 1]?.sequence === packet.sequence) return false;
    this.#packets.splice(at, 0, packet);
    if (this.#packets.length > CAPACITY) this.#packets.shift();
    if (!this.#newest || packet.sequence > this.#newest.sequence) this.#newest = packet;
    return true;
  }
}

/** @param sequence of the reference, unwrapped or not */
function fits(arrived: ArrivedPacket, sequence: number, reference: { timestamp: number; arrivalMs: number }): boolean {
  const elapsed = (arrived.arrivalMs - reference.arrivalMs) * SAMPLES_PER_MS;
  return (
    Math.abs(sequenceStep(sequence, arrived.sequenceNumber)) <= MAX_SEQUENCE_JUMP &&
    Math.abs((timestampStep(reference.timestamp, arrived.timestamp) - elapsed) | 0) <= MAX_TIME_JUMP_SAMPLES
  );
}

function unwrap({ sequenceNumber, timestamp, arrivalMs, payload }: ArrivedPacket, newest: QueuedPacket): QueuedPacket {
  return {
    sequence: unwrapSequence(newest.sequence, sequenceNumber),
    timestamp: unwrapTimestamp(newest.timestamp, timestamp),
    arrivalMs,
    payload,
  };
}
