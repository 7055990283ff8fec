import { KWeighting, lufsOf } from './KWeighting.ts';
import { FRAME_MS, type MixSound } from '../sound.ts';

/** Every voice is brought to this loudness. It leaves room for the peaks of speech, and is as loud as browsers make a microphone. */
export const TARGET_LUFS = -20;
/** A voice is turned down or up by so much and no more: a quieter one is noise, and a louder one a prank. */
const MIN_GAIN_DB = -12;
const MAX_GAIN_DB = 15;
/** Gates as in ITU-R BS.1770-5: for sound fainter than speech ever is, and for sound much fainter than the speech of this voice. */
const BLOCK_FRAMES = 400 / FRAME_MS;
const ABSOLUTE_GATE_LUFS = -50;
const RELATIVE_GATE_LU = 10;
/** Short-term loudness goes over 3 s (EBU Tech 3341); here over 3 s of speech. */
const AVERAGED_FRAMES = 3000 / FRAME_MS;
/** Music is loud and soft by intention: what is brought to the common loudness is the piece, and not the phrase. */
const AVERAGED_FRAMES_OF_MUSIC = 30_000 / FRAME_MS;
/** Somebody who turns away from the microphone counts for less than somebody who speaks up, and yet counts. */
const BELOW_GATE_WEIGHT = 0.1;
/** The first words find the gain; from then on it moves so slowly that nobody notices. Steps are in dB for each frame. */
const FINDING_FRAMES = 2000 / FRAME_MS;
const FINDING_STEP_DB = (20 * FRAME_MS) / 1000;
const STEP_DB = (3 * FRAME_MS) / 1000;
const STEP_DB_OF_MUSIC = (0.1 * FRAME_MS) / 1000;

/** The gain that brings a voice to the loudness of the others. It moves only while there is speech. */
export class AutomaticGain {
  readonly #filter = new KWeighting();
  readonly #block = new Float64Array(BLOCK_FRAMES);
  #frames = 0;
  /** Frames of speech so far. */
  #spoken = 0;
  /** Of speech, K-weighted. */
  #power = 0;
  #gainDb = 0;
  #isMusic: boolean;

  constructor(sound: MixSound) {
    this.#isMusic = sound === 'music';
  }

  /** What the room is made for from now on. */
  setSound(sound: MixSound): void {
    this.#isMusic = sound === 'music';
  }

  get gainDb(): number {
    return this.#gainDb;
  }

  /** As a factor. */
  get gain(): number {
    return 10 ** (this.#gainDb / 20);
  }

  /** Measures the next frame, before any gain. @returns the gain that the frame should end with, as a factor */
  follow(pcm: Float32Array): number {
    this.#block[this.#frames++ % BLOCK_FRAMES] = this.#filter.power(pcm);
    let power = 0;
    for (let frame = 0; frame < BLOCK_FRAMES; frame++) power += this.#block[frame]!;
    power /= Math.min(this.#frames, BLOCK_FRAMES);
    const lufs = lufsOf(power);
    if (lufs > ABSOLUTE_GATE_LUFS) {
      const isSpeech = this.#spoken === 0 || lufs > lufsOf(this.#power) - RELATIVE_GATE_LU;
      this.#learn(power, isSpeech ? 1 : BELOW_GATE_WEIGHT);
      if (isSpeech) this.#move();
    }
    return this.gain;
  }

  #learn(power: number, weight: number): void {
    this.#spoken += 1;
    // The plain mean of what there is, until there is enough for a mean that forgets.
    this.#power +=
      ((power - this.#power) * weight) /
      Math.min(this.#spoken, this.#isMusic ? AVERAGED_FRAMES_OF_MUSIC : AVERAGED_FRAMES);
  }

  #move(): void {
    const wanted = Math.max(MIN_GAIN_DB, Math.min(MAX_GAIN_DB, TARGET_LUFS - lufsOf(this.#power)));
    const found = this.#isMusic ? STEP_DB_OF_MUSIC : STEP_DB;
    const step = this.#spoken < FINDING_FRAMES ? FINDING_STEP_DB : found;
    this.#gainDb += Math.max(-step, Math.min(step, wanted - this.#gainDb));
  }
}
