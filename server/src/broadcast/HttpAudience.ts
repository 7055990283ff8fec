import type { BeaconRequest } from '@tribune/shared/live.ts';

const EVERY_S = 30;
const BUCKETS = 6;
const BUCKET_MS = (EVERY_S * 1000) / BUCKETS;
/** So many beacons each 30 s are enough for a count that is good to 2 or 3 %; more would only cost. */
const WANTED = 2000;
/** A beacon may be as old as the answer that a cache kept: within that time the part does not fall by more. */
const STALE_FACTOR = 16;
/** More than anybody has, and a number that every node takes from another. */
const MAX_COUNT = 100_000_000;

interface Said {
  beacons: number;
  /** Those whom the beacons stand for. */
  listeners: number;
}

interface Bucket {
  readonly number: number;
  listeners: number;
  readonly byAddress: Map<string, Said>;
}

/**
 * Counts those who hear a room over HTTP, by what they say: each sends a beacon now and then, with a probability that falls as they
 * become more, and counts for as many as it stands for. So a count costs no more for millions than for thousands, and nothing is kept
 * of anybody.
 */
export class HttpAudience {
  readonly #maxPerAddress: number;
  readonly #now: () => number;
  readonly #buckets: Bucket[] = [];

  /** @param maxPerAddress beacons of one network address in 5 s */
  constructor(maxPerAddress: number, now: () => number = () => performance.now()) {
    this.#maxPerAddress = maxPerAddress;
    this.#now = now;
  }

  /** Those who said within the last 30 s that they listen, and those whom they stand for. */
  get count(): number {
    const now = this.#now() / BUCKET_MS;
    // Of the oldest, as much as has not been said again in the newest.
    const weightOf = (number: number) => Math.max(0, Math.min(1, number + BUCKETS + 1 - now));
    const count = this.#buckets.reduce((sum, { number, listeners }) => sum + listeners * weightOf(number), 0);
    return Math.min(MAX_COUNT, Math.round(count));
  }

  /** What listeners are to do. */
  get request(): BeaconRequest {
    return { everyS: EVERY_S, part: this.#part };
  }

  /** @param part the probability with which it was sent, as its sender was told */
  take(part: number, address: string): void {
    const bucket = this.#open();
    const said = bucket.byAddress.get(address) ?? { beacons: 0, listeners: 0 };
    // Whoever claims to stand for far more than anybody was asked to is not believed.
    if (said.beacons >= this.#maxPerAddress || part < this.#part / STALE_FACTOR) return;
    bucket.byAddress.set(address, said);
    // What one address says lets the part fall, so that its next beacons may claim more: the sum is bounded.
    const listeners = Math.min(1 / part, this.#maxPerAddress * STALE_FACTOR - said.listeners);
    said.beacons += 1;
    said.listeners += listeners;
    bucket.listeners += listeners;
  }

  /** A power of two, so that it rarely changes. */
  get #part(): number {
    return 2 ** -Math.max(0, Math.ceil(Math.log2(Math.max(1, this.count) / WANTED)));
  }

  #open(): Bucket {
    const number = Math.floor(this.#now() / BUCKET_MS);
    const newest = this.#buckets.at(-1);
    if (newest?.number === number) return newest;
    const bucket = { number, listeners: 0, byAddress: new Map<string, Said>() };
    this.#buckets.push(bucket);
    if (this.#buckets.length > BUCKETS + 1) this.#buckets.shift();
    return bucket;
  }
}
