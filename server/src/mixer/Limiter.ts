import { SAMPLES_PER_MS } from './sound.ts';

/** 1 dB below full scale: a codec overshoots a little. */
const CEILING = 10 ** (-1 / 20);
/** Peaks are looked for in steps of 1 ms, this many ahead. */
const STEP = SAMPLES_PER_MS;
const AHEAD = 5;
/** Back to full gain so slowly that it is no tremolo: time constant in steps. */
const RELEASE_STEPS = 200;

/**
 * Keeps a sum of voices below full scale. It sees peaks 5 ms before they are played, so that the gain goes down before them and
 * smoothly; it leaves alone whatever is quieter. Delays by LIMITER_DELAY samples.
 */
export class Limiter {
  readonly #delayed = new Float32Array(AHEAD * STEP);
  /** Gains that the steps ahead need, the next one first. */
  readonly #needed = new Float64Array(AHEAD + 1).fill(1);
  /** Gains of the last steps before smoothing. */
  readonly #held = new Float64Array(AHEAD).fill(1);
  #steps = 0;
  #gain = 1;

  /** In place; whole milliseconds of 48 kHz. */
  process(pcm: Float32Array): void {
    for (let start = 0; start < pcm.length; start += STEP) this.#processStep(pcm, start);
  }

  #processStep(pcm: Float32Array, start: number): void {
    const at = (this.#steps % AHEAD) * STEP;
    let peak = 0;
    for (let index = 0; index < STEP; index++) peak = Math.max(peak, Math.abs(pcm[start + index]!));
    const from = this.#gain;
    this.#gain = this.#nextGain(peak > CEILING ? CEILING / peak : 1);
    const slope = (this.#gain - from) / STEP;
    for (let index = 0; index < STEP; index++) {
      const sample = this.#delayed[at + index]!;
      this.#delayed[at + index] = pcm[start + index]!;
      pcm[start + index] = sample * (from + slope * (index + 1));
    }
    this.#steps += 1;
  }

  /** The lowest gain that any step ahead needs, released slowly, then averaged over as many steps as it saw it coming. */
  #nextGain(needed: number): number {
    this.#needed.copyWithin(0, 1);
    this.#needed[AHEAD] = needed;
    const lowest = Math.min(...this.#needed);
    const last = this.#held[AHEAD - 1]!;
    this.#held.copyWithin(0, 1);
    this.#held[AHEAD - 1] = Math.min(lowest, last + (1 - last) / RELEASE_STEPS);
    return this.#held.reduce((sum, gain) => sum + gain, 0) / AHEAD;
  }
}
