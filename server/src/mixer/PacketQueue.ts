/** One packet of a voice; sequence and timestamp are unwrapped, so that they only ever go up. */
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

/** 1.3 s at 20 ms: more than the longest delay. What floods it pushes out its own oldest. */
const CAPACITY = 64;
/** A stream that is so far from where it should be, in sequence or time, is another one, or a forged packet. */
const MAX_SEQUENCE_JUMP = 500;
const MAX_TIME_JUMP_SAMPLES = 2 * 48_000;

/** Puts the packets of one voice in order, once each, over wraps of their numbers and restarts of their sender. */
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

  /** The packet as it was queued; null for a duplicate and for one that does not fit; `restarted` when all before is void. */
  insert(arrived: ArrivedPacket): { packet: QueuedPacket; restarted: boolean } | null {
    const newest = this.#newest;
    if (newest && fits(arrived, asArrived(newest))) {
      this.#strange = null;
      const packet = unwrap(arrived, newest);
      return this.#place(packet) ? { packet, restarted: false } : null;
    }
    if (newest && !(this.#strange && fits(arrived, this.#strange))) {
      this.#strange = arrived;
      return null;
    }
    this.clear();
    const packet = { ...arrived, sequence: arrived.sequenceNumber };
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

function fits(arrived: ArrivedPacket, reference: ArrivedPacket): boolean {
  const elapsed = (arrived.arrivalMs - reference.arrivalMs) * 48;
  return (
    Math.abs(sequenceDifference(arrived, reference)) <= MAX_SEQUENCE_JUMP &&
    Math.abs((timestampDifference(arrived, reference) - elapsed) | 0) <= MAX_TIME_JUMP_SAMPLES
  );
}

function unwrap(arrived: ArrivedPacket, newest: QueuedPacket): QueuedPacket {
  const reference = asArrived(newest);
  return {
    sequence: newest.sequence + sequenceDifference(arrived, reference),
    timestamp: newest.timestamp + timestampDifference(arrived, reference),
    arrivalMs: arrived.arrivalMs,
    payload: arrived.payload,
  };
}

function asArrived({ sequence, timestamp, arrivalMs, payload }: QueuedPacket): ArrivedPacket {
  return { sequenceNumber: sequence, timestamp, arrivalMs, payload };
}

/** Of 16-bit numbers, the short way round. */
function sequenceDifference(a: ArrivedPacket, b: ArrivedPacket): number {
  return ((a.sequenceNumber - b.sequenceNumber) << 16) >> 16;
}

/** Of 32-bit numbers, the short way round. */
function timestampDifference(a: ArrivedPacket, b: ArrivedPacket): number {
  return (a.timestamp - b.timestamp) | 0;
}
