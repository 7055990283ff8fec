import type { Random } from '../random.ts';

/** A poor network, each direction alike. */
export interface SlowNetwork {
  /** Share of packets lost, 0 to 1. */
  readonly lossShare: number;
  readonly delayMs: number;
  /** Added to the delay at random, from 0 up to this. */
  readonly jitterMs: number;
  /** In kbit/s, IP and UDP headers included; null where there is no limit. */
  readonly rateKbps: number | null;
}

/** What waits for a slow line longer than this is dropped, as the buffer of an access router would. */
const LONGEST_QUEUE_MS = 250;
const IP_AND_UDP_BYTES = 28;

/** One direction of a poor network: says of each packet when it comes out, in the order in which packets went in. */
export class SlowDirection {
  readonly #network: SlowNetwork;
  readonly #random: Random;
  #lineFreeMs = 0;
  #lastOutMs = 0;

  constructor(network: SlowNetwork, random: Random) {
    this.#network = network;
    this.#random = random;
  }

  /** When a packet of so many bytes, given now, comes out; null when it is lost. */
  admit(bytes: number, nowMs: number): number | null {
    const { lossShare, delayMs, jitterMs, rateKbps } = this.#network;
    if (this.#random() < lossShare) return null;
    const onLineMs = rateKbps === null ? 0 : ((bytes + IP_AND_UDP_BYTES) * 8) / rateKbps;
    const startMs = Math.max(nowMs, this.#lineFreeMs);
    if (startMs - nowMs > LONGEST_QUEUE_MS) return null;
    this.#lineFreeMs = startMs + onLineMs;
    const outMs = this.#lineFreeMs + delayMs + jitterMs * this.#random();
    this.#lastOutMs = Math.max(outMs, this.#lastOutMs);
    return this.#lastOutMs;
  }
}
