import { TICKS_PER_S, type SoundFragment } from './FragmentReader.ts';

/** What is less than a packet of sound is no gap. */
const TOLERANCE_S = 0.05;
const FASTER = 1.05;
/** What was left lately when more came: the least of so many times is the reserve that there is. */
const LOOK_BACK = 4;

export interface PlaybackOptions {
  /** Whoever begins is so far from the end of what has come. */
  readonly startBehindEndS: number;
  /** It begins when it has so much. */
  readonly minStartS: number;
  /** More than this left when more comes is played a little faster; null: at an even pace whatever comes. */
  readonly reserveS: number | null;
}

/** What a player has to play and where it is, without a decoder: stalls when there is nothing left, and goes on when more comes. */
export class Playback {
  readonly #options: PlaybackOptions;
  readonly #left: number[] = [];
  #startS: number | null = null;
  #endS = 0;
  #positionS = 0;
  #atMs = 0;
  #rate = 1;
  #isPlaying = false;
  #hasBegun = false;
  /** When what there was ended, in Unix time; null while it plays. */
  #drySinceMs: number | null = null;
  #longestSilenceMs = 0;
  /** Times without anything to play, once it had begun. */
  stalls = 0;
  /** Times in which sound was missing between two fragments. */
  gaps = 0;

  constructor(options: PlaybackOptions) {
    this.#options = options;
  }

  /** Has it enough to begin: to play until more comes? */
  get isReady(): boolean {
    return this.#startS !== null && this.#endS - this.#startS >= this.#options.minStartS;
  }

  /** @param nowMs Unix time, as all here */
  begin(nowMs: number): void {
    if (this.#hasBegun || this.#startS === null) return;
    this.#hasBegun = true;
    this.#isPlaying = true;
    this.#positionS = Math.max(this.#startS, this.#endS - this.#options.startBehindEndS);
    this.#atMs = nowMs;
  }

  add({ startTicks, durationTicks }: SoundFragment, nowMs: number): void {
    this.#advance(nowMs);
    const startS = startTicks / TICKS_PER_S;
    const endS = startS + durationTicks / TICKS_PER_S;
    if (this.#startS === null) {
      this.#startS = startS;
      this.#endS = startS;
    }
    // Had before: a connection was made anew.
    if (endS <= this.#endS + TOLERANCE_S) return;
    if (startS > this.#endS + TOLERANCE_S) {
      this.gaps += 1;
      // A player goes over what will not come.
      if (!this.#isPlaying) this.#positionS = startS;
    }
    if (this.#isPlaying) this.#keepPace();
    this.#endS = endS;
    if (this.#hasBegun && !this.#isPlaying) {
      this.#longestSilenceMs = this.longestSilenceMs(nowMs);
      this.#drySinceMs = null;
      this.#isPlaying = true;
      this.#atMs = nowMs;
    }
  }

  /** Seconds from what is said to what is heard, as far as clocks agree; null before it has begun. */
  behindS(nowMs: number): number | null {
    this.#advance(nowMs);
    return this.#hasBegun ? nowMs / 1000 - this.#positionS : null;
  }

  /** The longest time without anything to play, once it had begun; one that has not ended included. */
  longestSilenceMs(nowMs: number): number {
    this.#advance(nowMs);
    return this.#drySinceMs === null
      ? this.#longestSilenceMs
      : Math.max(this.#longestSilenceMs, nowMs - this.#drySinceMs);
  }

  #advance(nowMs: number): void {
    if (!this.#isPlaying) return;
    this.#positionS += ((nowMs - this.#atMs) / 1000) * this.#rate;
    this.#atMs = nowMs;
    if (this.#positionS <= this.#endS) return;
    this.#drySinceMs = nowMs - ((this.#positionS - this.#endS) / this.#rate) * 1000;
    this.#positionS = this.#endS;
    this.#isPlaying = false;
    this.#left.length = 0;
    this.#rate = 1;
    this.stalls += 1;
  }

  #keepPace(): void {
    const { reserveS } = this.#options;
    if (reserveS === null) return;
    this.#left.push(this.#endS - this.#positionS);
    if (this.#left.length > LOOK_BACK) this.#left.shift();
    this.#rate = this.#left.length === LOOK_BACK && Math.min(...this.#left) > reserveS ? FASTER : 1;
  }
}
