import { DelayEstimator, type PacketFate } from './DelayEstimator.ts';
import { dbov, FRAME, FRAME_MS, SAMPLES_PER_MS, type MixSound } from '../sound.ts';

/** Below this level a frame is a pause, in which a change of speed is not heard. Music may be as quiet, and on pitch. */
export const QUIET_DBOV = { speech: -50, music: -80 } as const;
/** A delay that is off by less than this is left alone; in speech more is left alone, until a pause comes. */
const TOLERANCE_MS = { speech: { below: 5, above: 10 }, quiet: { below: 2, above: 2 } };
/** So many samples of a frame of 960 are left out or added: 1% in speech, which is hardly heard, and 25% in pauses. */
const MAX_RESAMPLED = 12;
export const MAX_QUIET_RESAMPLED = FRAME / 4;
/** Sound that is further behind than this is given up. */
export const MAX_BEHIND_MS = 200;

/** Compares how long the sound of one voice is held back with how long it should be, and corrects it by playing faster or slower. */
export class DelayControl {
  readonly #estimator = new DelayEstimator();
  #delayMs = 0;
  /** The part of the delay for which no packet is needed any more in the next frame that needs one. */
  #aheadMs = 0;

  /** How long the sound is held back after the fastest way through the network. */
  get delayMs(): number {
    return this.#delayMs;
  }

  get targetMs(): number {
    return this.#estimator.targetMs;
  }

  get isTooFarBehind(): boolean {
    return this.#offMs > MAX_BEHIND_MS;
  }

  addArrival(arrivalMs: number, timestamp: number): void {
    this.#estimator.add(arrivalMs, timestamp);
  }

  settle(fate: PacketFate): void {
    this.#estimator.settle(fate);
  }

  /** After a restart of the sender, its timestamps mean other times than before. */
  rebase(): void {
    this.#estimator.rebase();
  }

  /** When the sample with this timestamp should be played. */
  dueMsOf(timestamp: number): number {
    return this.#estimator.baseMs + this.#estimator.targetMs + timestamp / SAMPLES_PER_MS;
  }

  /**
   * Takes the present delay from what is decoded and not yet played.
   *
   * @param endTimestamp of the sample after the last decoded one
   * @param held decoded samples
   */
  measure(nowMs: number, endTimestamp: number, held: number): void {
    this.#delayMs = nowMs - (endTimestamp - held) / SAMPLES_PER_MS - this.#estimator.baseMs;
    this.#aheadMs = (held % FRAME) / SAMPLES_PER_MS;
  }

  /** How many samples more than a frame to play in the time of a frame, negative for fewer. @param pcm begins with the next frame */
  surplusOf(pcm: Float32Array, sound: MixSound): number {
    const offMs = this.#offMs;
    if (offMs > -TOLERANCE_MS.quiet.below && offMs < TOLERANCE_MS.quiet.above) return 0;
    const isQuiet = dbov(pcm, 0, FRAME) < QUIET_DBOV[sound];
    const { below, above } = TOLERANCE_MS[isQuiet ? 'quiet' : 'speech'];
    if (offMs > -below && offMs < above) return 0;
    const most = isQuiet ? MAX_QUIET_RESAMPLED : MAX_RESAMPLED;
    return Math.max(-most, Math.min(most, Math.trunc(offMs * SAMPLES_PER_MS)));
  }

  /**
   * How much longer than it should be the sound is held back, in ms; negative when it is not held back for long enough. A packet has
   * to be there at the beginning of the frame that it has a part in, and may have its part at the end: between the two nothing is off.
   */
  get #offMs(): number {
    const neededMs = this.#delayMs - this.#aheadMs;
    const { targetMs } = this.#estimator;
    return Math.min(0, neededMs - targetMs) + Math.max(0, this.#delayMs - FRAME_MS - targetMs);
  }
}
