import { MAX_DELAY_MS, type MixClock } from '../media/MixClock.ts';
import type { LiveSound } from './LiveSound.ts';

/** Less than that between the two is heard as one. */
const ALIGNED_MS = 20;
/** The two tell where they are to some ten ms: the median of so many looks counts. */
const LOOKS = 3;
/** What could not be aligned by then never will be. */
const GIVE_UP_MS = 40_000;
/** What HTTP plays slows down to meet WebRTC, the more the further it is ahead: nobody hears that. It never hurries, having little in reserve. */
const SLOWER = 0.06;
const FULL_CHANGE_MS = 120;
/** WebRTC is sent so much further back than HTTP plays now, so that they are sure to meet. */
const BEYOND_MS = 300;
/** Without a delay that can be chosen, one changes in a pause: so much silence is one, and so long it is waited for. */
const PAUSE_MS = 150;
const PAUSE_WAIT_MS = 8000;

interface Heard {
  readonly atMs: number;
  readonly isLoud: boolean;
}

/**
 * Brings the two ways in which a mix comes to the same moment of it, so that one may take over from the other. WebRTC, which is ahead, is
 * delayed by as much as HTTP is late; HTTP does the last few milliseconds by its playback rate.
 */
export class Alignment {
  readonly #sound: LiveSound;
  readonly #clock: MixClock;
  /** Of WebRTC; null where it cannot be delayed by as much. */
  readonly #delayMs: number | null;
  readonly #sinceMs = performance.now();
  #ahead: number[] = [];
  /** Of what comes over WebRTC, where that cannot be delayed. */
  #heard: Heard[] = [];

  /** @param behindMs how late HTTP is now */
  constructor(sound: LiveSound, clock: MixClock, behindMs: number) {
    this.#sound = sound;
    this.#clock = clock;
    const delayMs = behindMs + BEYOND_MS;
    this.#delayMs = clock.canDelay && delayMs < MAX_DELAY_MS ? delayMs : null;
  }

  /**
   * To be called some times a second.
   * @param isLoud does anybody speak in what comes over WebRTC?
   * @returns by how many ms WebRTC is ahead when the moment to change has come; null before
   */
  look(isLoud: boolean): number | null {
    const position = this.#sound.positionMs;
    const mix = position === null ? null : this.#clock.positionMs(position);
    if (position === null || mix === null) return null;
    const waitedMs = performance.now() - this.#sinceMs;
    if (this.#delayMs === null) {
      this.#heard = [...this.#heard, { atMs: mix, isLoud }].filter(({ atMs }) => atMs > position - PAUSE_MS);
      return this.#isPause(position) || waitedMs > PAUSE_WAIT_MS ? mix - position : null;
    }
    this.#clock.delay(this.#delayMs);
    this.#ahead = [...this.#ahead, position - mix].slice(-LOOKS);
    const httpAheadMs = this.#ahead.toSorted((a, b) => a - b)[Math.floor(this.#ahead.length / 2)]!;
    const isAligned = this.#ahead.length === LOOKS && Math.abs(httpAheadMs) < ALIGNED_MS;
    if (isAligned || waitedMs > GIVE_UP_MS) return -httpAheadMs;
    this.#sound.setRate(1 - SLOWER * Math.max(0, Math.min(1, httpAheadMs / FULL_CHANGE_MS)));
    return null;
  }

  /** Is HTTP in a pause, as what came over WebRTC a moment ago tells? */
  #isPause(positionMs: number): boolean {
    const around = this.#heard.filter(({ atMs }) => Math.abs(atMs - positionMs) <= PAUSE_MS);
    return around.length > 1 && around[0]!.atMs < positionMs && around.every((it) => !it.isLoud);
  }
}
