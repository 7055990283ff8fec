import type { Producer } from 'mediasoup/types';

/** Opus at 10 ms is 100 packets/s, and 48 kbit/s with headers is generous for speech: past these it is not a voice. */
const MAX_PACKETS_PER_S = 120;
const MAX_BITS_PER_S = 200_000;
/** Readings in a row, so that a burst after a stall of the network is not taken for a flood. */
const READINGS = 2;
/** The clock of Opus in RTP, in which mediasoup tells the jitter. */
const CLOCK_RATE = 48_000;

interface Reading {
  readonly at: number;
  readonly packets: number;
  readonly bytes: number;
  readonly lost: number;
  readonly strikes: number;
}

/** What came from one producer between two readings. */
export interface Uplink {
  readonly packets: number;
  readonly lost: number;
  /** As of now (RFC 3550, 6.4.1). */
  readonly jitterS: number;
}

/**
 * Watches what producers send: nothing else limits a speaker, since `setMaxIncomingBitrate` is only a hint. Call `check()`
 * about once a second.
 */
export class FloodGuard {
  readonly #readings = new WeakMap<Producer, Reading>();

  /** Has this producer been over the limits for several readings in a row? And what came since the last, if it was read. */
  async check(producer: Producer, now = performance.now()): Promise<{ flood: boolean; uplink: Uplink | null }> {
    const stats = await producer.getStats();
    const packets = stats.reduce((sum, { packetCount }) => sum + packetCount, 0);
    const bytes = stats.reduce((sum, { byteCount }) => sum + byteCount, 0);
    const lost = stats.reduce((sum, { packetsLost }) => sum + packetsLost, 0);
    const jitterS = Math.max(0, ...stats.map(({ jitter }) => jitter / CLOCK_RATE));
    const last = this.#readings.get(producer);
    const seconds = last ? (now - last.at) / 1000 : Infinity;
    const over =
      last !== undefined &&
      (packets - last.packets > MAX_PACKETS_PER_S * seconds || (bytes - last.bytes) * 8 > MAX_BITS_PER_S * seconds);
    const strikes = over ? last.strikes + 1 : 0;
    this.#readings.set(producer, { at: now, packets, bytes, lost, strikes });
    // Packets that come late after all make the count of the lost shrink.
    const uplink = last && {
      packets: Math.max(0, packets - last.packets),
      lost: Math.max(0, lost - last.lost),
      jitterS,
    };
    return { flood: strikes >= READINGS, uplink: uplink ?? null };
  }
}
