import type { Producer } from 'mediasoup/types';

/** Opus at 10 ms is 100 packets/s, and 48 kbit/s with headers is generous for speech: past these it is not a voice. */
const PACKETS_PER_S = 120;
const BITS_PER_S = 200_000;
/**
 * What may come at once beside that. Over TCP nothing is lost while the network stands still, and all of it comes afterwards: 10 s of a
 * voice, after which a connection counts as lost.
 */
const BURST_PACKETS = 600;
const BURST_BITS = 1_000_000;
/** The clock of Opus in RTP, in which mediasoup tells the jitter. */
const CLOCK_RATE = 48_000;

interface Reading {
  readonly at: number;
  readonly packets: number;
  readonly bytes: number;
  readonly lost: number;
  readonly budget: FloodBudget;
}

/** What came from one producer between two readings. */
export interface Uplink {
  readonly packets: number;
  readonly lost: number;
  /** As of now (RFC 3550, 6.4.1). */
  readonly jitterS: number;
}

/**
 * Tells a flood from a burst after a stall: what is not sent in time may be sent later, up to a limit. A producer begins with all that it
 * may send at once.
 */
export class FloodBudget {
  #packets = BURST_PACKETS;
  #bits = BURST_BITS;

  /** Takes what came in so many seconds. @returns false when it was more than a voice sends */
  spend(packets: number, bits: number, seconds: number): boolean {
    this.#packets = Math.min(BURST_PACKETS, this.#packets + PACKETS_PER_S * seconds - packets);
    this.#bits = Math.min(BURST_BITS, this.#bits + BITS_PER_S * seconds - bits);
    return this.#packets >= 0 && this.#bits >= 0;
  }
}

/**
 * Watches what producers send: nothing else limits a speaker, since `setMaxIncomingBitrate` is only a hint. Call `check()`
 * about once a second.
 */
export class FloodGuard {
  readonly #readings = new WeakMap<Producer, Reading>();

  /** Has this producer sent more than a voice does? And what came since the last, if it was read. */
  async check(producer: Producer, now = performance.now()): Promise<{ flood: boolean; uplink: Uplink | null }> {
    const stats = await producer.getStats();
    const packets = stats.reduce((sum, { packetCount }) => sum + packetCount, 0);
    const bytes = stats.reduce((sum, { byteCount }) => sum + byteCount, 0);
    const lost = stats.reduce((sum, { packetsLost }) => sum + packetsLost, 0);
    const jitterS = Math.max(0, ...stats.map(({ jitter }) => jitter / CLOCK_RATE));
    const last = this.#readings.get(producer);
    const budget = last?.budget ?? new FloodBudget();
    const seconds = last ? (now - last.at) / 1000 : 0;
    const isFlood = !budget.spend(packets - (last?.packets ?? 0), (bytes - (last?.bytes ?? 0)) * 8, seconds);
    this.#readings.set(producer, { at: now, packets, bytes, lost, budget });
    // Packets that come late after all make the count of the lost shrink.
    const uplink = last && {
      packets: Math.max(0, packets - last.packets),
      lost: Math.max(0, lost - last.lost),
      jitterS,
    };
    return { flood: isFlood, uplink: uplink ?? null };
  }
}
