import { SAMPLES_PER_MS } from './sound.ts';

/** 1 dB below full scale: a codec overshoots a little. */
const CEILING = 10 ** (-1 / 20);
/** Peaks are looked for in steps of 1 ms, this many ahead. */
const STEP = SAMPLES_PER_MS;
const AHEAD = 5;
/** Back to full gain so slowly that it is no tremolo: time constant in steps. */
const RELEASE_STEPS = 200;
/** 0.001 dB below full gain the release is over. */
const RELEASED = 0.9999;

/**
 * Keeps a sum of voices below full scale. It sees peaks 5 ms before they are played, so that the gain goes down before them and
 * smoothly. It only delays sound that is quieter, by 240 samples.
 */
export class Limiter {
  readonly #delayed = new Float32Array(AHEAD * STEP);
  /** Gains that the steps ahead need, the next one first. */
  readonly #needed = new Float64Array(AHEAD + 1).fill(1);
  /** Gains of the last steps before smoothing. */
  readonly #held = new Float64Array(AHEAD).fill(1);
  #steps = 0;
  #gain = 1;
  /** All gains, past and ahead, are 1. */
  #isAtRest = true;

  /** In place; whole milliseconds of 48 kHz. */
  process(pcm: Float32Array): void {
    for (let start = 0; start < pcm.length; start += STEP) this.#processStep(pcm, start);
  }

  #processStep(pcm: Float32Array, start: number): void {
    const delayed = this.#delayed;
    const at = (this.#steps % AHEAD) * STEP;
    let peak = 0;
    for (let index = 0; index < STEP; index++) {
      const size = Math.abs(pcm[start + index]!);
      if (size > peak) peak = size;
    }
    let gain = this.#gain;
    this.#gain = this.#nextGain(peak > CEILING ? CEILING / peak : 1);
    const slope = (this.#gain - gain) / STEP;
    for (let index = 0; index < STEP; index++) {
      gain += slope;
      const sample = delayed[at + index]!;
      delayed[at + index] = pcm[start + index]!;
      pcm[start + index] = sample * gain;
    }
    this.#steps += 1;
  }

  /** The lowest gain that any step ahead needs, released slowly, then averaged over as many steps as it saw it coming. */
  #nextGain(needed: number): number {
    if (this.#isAtRest && needed === 1) return 1;
    this.#needed.copyWithin(0, 1);
    this.#needed[AHEAD] = needed;
    let lowest = 1;
    for (let step = 0; step <= AHEAD; step++) lowest = Math.min(lowest, this.#needed[step]!);
    const last = this.#held[AHEAD - 1]!;
    const released = last > RELEASED ? 1 : last + (1 - last) / RELEASE_STEPS;
    this.#held.copyWithin(0, 1);
    this.#held[AHEAD - 1] = Math.min(lowest, released);
    let sum = 0;
    for (let step = 0; step < AHEAD; step++) sum += this.#held[step]!;
    this.#isAtRest = lowest === 1 && sum === AHEAD;
    return sum / AHEAD;
  }
}
