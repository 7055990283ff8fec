/** Nobody hears a speech that is so much faster or slower: the pitch stays. */
const FASTER = 1.05;
const SLOWER = 0.95;
/** What is left to play, in seconds, in the moment before more comes: enough that what comes a little late leaves no gap. */
const FIRST_RESERVE_S = 0.4;
const MAX_RESERVE_S = 4;
/** More after each stall: the network is not as even as was hoped. */
const STALL_RESERVE_S = 0.4;
/** Above the reserve before it hurries, and it hurries until the reserve is met. */
const EXCESS_S = 0.3;
/** Below it before it slows down. */
const LACK_S = 0.2;
/** Sound comes each second: the least of some seconds is the reserve that there was. */
const WINDOW_MS = 3500;
/** Further behind, as after a sleep, it goes to where the others are, instead of hurrying for minutes. */
export const MAX_EXCESS_S = 8;

/**
 * How fast to play what comes in pieces: so that what is left when the next piece comes stays near a reserve, which is small at first
 * and grows with each stall.
 */
export class PlaybackPace {
  #wantedS = FIRST_RESERVE_S;
  #samples: { readonly atMs: number; readonly aheadS: number }[] = [];
  #rate = 1;

  /** What should be left in the moment before more comes. */
  get wantedS(): number {
    return this.#wantedS;
  }

  handleStall(): void {
    this.#wantedS = Math.min(MAX_RESERVE_S, this.#wantedS + STALL_RESERVE_S);
    this.handleJump();
  }

  /** What was measured is no more: it plays elsewhere now. */
  handleJump(): void {
    this.#samples = [];
    this.#rate = 1;
  }

  /** To be called some times a second. @param aheadS what is there to play @returns the playback rate from here on */
  next(aheadS: number, nowMs: number): number {
    this.#samples = this.#samples.filter(({ atMs }) => nowMs - atMs < WINDOW_MS);
    this.#samples.push({ atMs: nowMs, aheadS });
    const isKnown = nowMs - this.#samples[0]!.atMs > WINDOW_MS / 2;
    if (!isKnown) return this.#rate;
    const reserveS = this.reserveS!;
    if (reserveS > this.#wantedS + EXCESS_S) this.#rate = FASTER;
    else if (reserveS < this.#wantedS - LACK_S) this.#rate = SLOWER;
    else if (this.#rate === FASTER ? reserveS <= this.#wantedS : reserveS >= this.#wantedS) this.#rate = 1;
    return this.#rate;
  }

  /** The least that was left lately; null before anything is known. */
  get reserveS(): number | null {
    return this.#samples.length === 0 ? null : Math.min(...this.#samples.map(({ aheadS }) => aheadS));
  }
}
