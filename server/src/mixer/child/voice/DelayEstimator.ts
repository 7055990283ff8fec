import { SAMPLES_PER_MS } from '../sound.ts';

/** Enough that the packet after a lost one, which repeats it (in-band FEC), is there in time where there is no jitter. */
const MIN_MS = 25;
const MAX_MS = 200;
const BUCKET_MS = 5;
const BUCKETS = MAX_MS / BUCKET_MS;
/** Half of what is known is forgotten over 350 packets, 7 s. */
const FORGET = 0.998;
/** Far from where adding to it would lose digits. */
const MAX_WEIGHT = 1e6;
/** The share of packets that should be there in time, and the margin: a packet that is late costs more than the wait for it. */
const SHARE_IN_TIME = 0.995;
const MARGIN_MS = 5;
/**
 * From this share of lost packets on, the buffer waits for one packet more, which repeats the one that was lost. It stops waiting
 * only far below that share: changing to and fro would be heard.
 */
const LOSSY = 0.005;
const LOSSLESS = 0.0005;
const LOSS_MEMORY_PACKETS = 250;
const REPEATED_AFTER_MS = 20;
/** The fastest packet is looked for among those of this time, so that the estimate follows a sender whose clock runs slow. */
const WINDOW_MS = 1000;
const WINDOWS = 8;
/**
 * A stream that comes later than can be made up for, and goes on so for this time without catching up, has moved: its sender stood still
 * for a moment, or its way is a longer one now. What was fastest before means nothing any more. What a network held back catches up.
 */
const MOVED_AFTER_MS = 200;
const STEADY_MS = 100;

/** What became of a packet when its time had come; `late` for one that was taken for lost, and came after all. */
export type PacketFate = 'played' | 'lost' | 'late';

/**
 * Estimates how long the packets of one voice have to be held back: as long as almost all of them are late, compared with the
 * fastest of the last seconds. Times of arrival and timestamps come from different clocks; only the difference of the two is used,
 * and its drift is followed.
 */
export class DelayEstimator {
  /** Weights of packets by how late they were, and their sum. */
  readonly #histogram = new Float64Array(BUCKETS);
  #total = 0;
  /** Of the last packet. */
  #weight = 1;
  readonly #fastest: number[] = [];
  #windowEndsMs = 0;
  #baseMs = 0;
  #lateMs = 0;
  /** The last packets, while none of them comes in time. Not counted yet: they are late, or the stream has moved. */
  readonly #strays: { readonly arrivalMs: number; readonly transitMs: number }[] = [];
  #lossShare = 0;
  #isLossy = false;

  /** When a packet with timestamp 0 would have arrived at the earliest. */
  get baseMs(): number {
    return this.#baseMs;
  }

  /** How long after the earliest possible arrival a packet is played: 25 ms to about 225 ms. */
  get targetMs(): number {
    const repeatedAfterMs = this.#isLossy ? REPEATED_AFTER_MS : 0;
    return Math.max(MIN_MS, this.#lateMs + MARGIN_MS + repeatedAfterMs);
  }

  /** @param timestamp unwrapped, in samples */
  add(arrivalMs: number, timestamp: number): void {
    const transitMs = arrivalMs - timestamp / SAMPLES_PER_MS;
    this.#remember(arrivalMs, transitMs);
    if (transitMs - this.#baseMs > MAX_MS) {
      this.#strays.push({ arrivalMs, transitMs });
      this.#followStrays();
    } else {
      for (const stray of this.#strays.splice(0)) this.#count(stray.transitMs - this.#baseMs);
      this.#count(transitMs - this.#baseMs);
    }
  }

  /** Takes note of what became of a packet. */
  settle(fate: PacketFate): void {
    if (fate === 'late') this.#lossShare = Math.max(0, this.#lossShare - 1 / LOSS_MEMORY_PACKETS);
    else this.#lossShare += ((fate === 'lost' ? 1 : 0) - this.#lossShare) / LOSS_MEMORY_PACKETS;
    this.#isLossy = this.#lossShare > (this.#isLossy ? LOSSLESS : LOSSY);
  }

  /** Forgets the timestamps of a sender that started again. What is known of the network stays. */
  rebase(): void {
    this.#fastest.length = 0;
    this.#strays.length = 0;
  }

  #remember(arrivalMs: number, transitMs: number): void {
    if (this.#fastest.length === 0 || arrivalMs >= this.#windowEndsMs) {
      this.#windowEndsMs = arrivalMs + WINDOW_MS;
      this.#fastest.push(transitMs);
      if (this.#fastest.length > WINDOWS) this.#fastest.shift();
    } else {
      const last = this.#fastest.length - 1;
      this.#fastest[last] = Math.min(this.#fastest[last]!, transitMs);
    }
    this.#baseMs = Math.min(...this.#fastest);
  }

  #followStrays(): void {
    const strays = this.#strays;
    const newestMs = strays.at(-1)!.arrivalMs;
    if (newestMs - strays[0]!.arrivalMs < MOVED_AFTER_MS) return;
    const transits = strays.map(({ transitMs }) => transitMs);
    const fastest = Math.min(...transits);
    if (Math.max(...transits) - fastest > STEADY_MS) {
      this.#count(strays.shift()!.transitMs - this.#baseMs);
      return;
    }
    this.#fastest.splice(0, Infinity, fastest);
    this.#baseMs = fastest;
    strays.length = 0;
    for (const transitMs of transits) this.#count(transitMs - fastest);
  }

  #count(lateMs: number): void {
    const bucket = Math.min(BUCKETS - 1, Math.floor(lateMs / BUCKET_MS));
    // To forget, each packet weighs more than the one before, and not all that is known less.
    this.#weight /= FORGET;
    this.#histogram[bucket]! += this.#weight;
    this.#total += this.#weight;
    if (this.#weight > MAX_WEIGHT) this.#scaleDown();
    let [sum, index] = [this.#histogram[0]!, 0];
    while (sum < SHARE_IN_TIME * this.#total && index < BUCKETS - 1) sum += this.#histogram[++index]!;
    this.#lateMs = (index + 1) * BUCKET_MS;
  }

  #scaleDown(): void {
    for (let index = 0; index < BUCKETS; index++) this.#histogram[index]! /= this.#weight;
    this.#total /= this.#weight;
    this.#weight = 1;
  }
}
