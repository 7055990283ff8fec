import { SAMPLES_PER_MS } from './sound.ts';

/** Enough that the packet after a lost one, which repeats it (in-band FEC), is there in time where there is no jitter. */
const MIN_MS = 25;
const MAX_MS = 200;
const BUCKET_MS = 5;
const BUCKETS = MAX_MS / BUCKET_MS;
/** Half of what is known is forgotten over 350 packets, 7 s. */
const FORGET = 0.998;
/** Of packets that shall be there in time, and by how much: a packet that is late costs more than the wait for it. */
const SHARE_IN_TIME = 0.995;
const MARGIN_MS = 5;
/**
 * From this share of lost packets on, the wait is for one packet more: it repeats the one that was lost. Far below it the wait is
 * over, and not before: going to and fro would be heard.
 */
const LOSSY = 0.005;
const LOSSLESS = 0.0005;
const LOSS_MEMORY_PACKETS = 250;
const REPEATED_AFTER_MS = 20;
/** The fastest way through the network is looked for over this long, so that it follows a sender whose clock runs slow. */
const WINDOW_MS = 1000;
const WINDOWS = 8;

/**
 * How long to hold the packets of one voice back: as long as almost all of them are late, compared with the fastest of the last
 * seconds. Times of arrival and timestamps have different clocks; only the difference of the two is used, and its drift followed.
 */
export class DelayTarget {
  readonly #histogram = new Float64Array(BUCKETS);
  readonly #fastest: number[] = [];
  #windowEndsMs = 0;
  #baseMs = 0;
  #lateMs = 0;
  #lossShare = 0;
  #isLossy = false;

  /** When a packet sent with timestamp 0 would have arrived, the fastest way. */
  get baseMs(): number {
    return this.#baseMs;
  }

  /** From when a packet is due to when it has to be there: 25 ms to about 225 ms. */
  get targetMs(): number {
    const repeatedAfterMs = this.#isLossy ? REPEATED_AFTER_MS : 0;
    return Math.max(MIN_MS, this.#lateMs + MARGIN_MS + repeatedAfterMs);
  }

  /** @param timestamp unwrapped, in samples */
  add(arrivalMs: number, timestamp: number): void {
    const transitMs = arrivalMs - timestamp / SAMPLES_PER_MS;
    if (this.#fastest.length === 0 || arrivalMs >= this.#windowEndsMs) {
      this.#windowEndsMs = arrivalMs + WINDOW_MS;
      this.#fastest.push(transitMs);
      if (this.#fastest.length > WINDOWS) this.#fastest.shift();
    } else {
      const last = this.#fastest.length - 1;
      this.#fastest[last] = Math.min(this.#fastest[last]!, transitMs);
    }
    this.#baseMs = Math.min(...this.#fastest);
    this.#count(transitMs - this.#baseMs);
  }

  /** Says of each packet, when its time has come, whether it was there; and of one that was not, when it is late and not lost. */
  settle(fate: 'played' | 'lost' | 'late'): void {
    if (fate === 'late') this.#lossShare = Math.max(0, this.#lossShare - 1 / LOSS_MEMORY_PACKETS);
    else this.#lossShare += ((fate === 'lost' ? 1 : 0) - this.#lossShare) / LOSS_MEMORY_PACKETS;
    this.#isLossy = this.#lossShare > (this.#isLossy ? LOSSLESS : LOSSY);
  }

  /** After a restart of the sender, its new timestamps say nothing about the old. What is known of the network stays. */
  rebase(): void {
    this.#fastest.length = 0;
  }

  #count(lateMs: number): void {
    const bucket = Math.min(BUCKETS - 1, Math.floor(lateMs / BUCKET_MS));
    let total = 0;
    for (let index = 0; index < BUCKETS; index++) {
      const share = this.#histogram[index]! * FORGET + (index === bucket ? 1 - FORGET : 0);
      this.#histogram[index] = share;
      total += share;
    }
    let [sum, index] = [this.#histogram[0]!, 0];
    while (sum < SHARE_IN_TIME * total && index < BUCKETS - 1) sum += this.#histogram[++index]!;
    this.#lateMs = (index + 1) * BUCKET_MS;
  }
}
