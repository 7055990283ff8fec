import type { Producer } from 'mediasoup/types';

/** Opus at 10 ms is 100 packets/s, and 48 kbit/s with headers is generous for speech: past these it is not a voice. */
const MAX_PACKETS_PER_S = 120;
const MAX_BITS_PER_S = 200_000;
/** Readings in a row, so that a burst after a stall of the network is not taken for a flood. */
const READINGS = 2;

interface Reading {
  readonly at: number;
  readonly packets: number;
  readonly bytes: number;
  readonly strikes: number;
}

/**
 * Watches what producers send: nothing else limits a speaker, since `setMaxIncomingBitrate` is only a hint. Call `check()`
 * about once a second.
 */
export class FloodGuard {
  readonly #readings = new WeakMap<Producer, Reading>();

  /** Has this producer been over the limits for several readings in a row? */
  async check(producer: Producer, now = performance.now()): Promise<boolean> {
    const stats = await producer.getStats();
    const packets = stats.reduce((sum, { packetCount }) => sum + packetCount, 0);
    const bytes = stats.reduce((sum, { byteCount }) => sum + byteCount, 0);
    const last = this.#readings.get(producer);
    const seconds = last ? (now - last.at) / 1000 : Infinity;
    const over =
      last !== undefined &&
      (packets - last.packets > MAX_PACKETS_PER_S * seconds || (bytes - last.bytes) * 8 > MAX_BITS_PER_S * seconds);
    const strikes = over ? last.strikes + 1 : 0;
    this.#readings.set(producer, { at: now, packets, bytes, strikes });
    return strikes >= READINGS;
  }
}
