/** What a mix is made for: music is left as it is, and speech made easy to understand. */
export type MixSound = 'speech' | 'music';

/** The mixer works at the one rate that Opus always has, on one channel. */
export const SAMPLE_RATE = 48_000;
export const SAMPLES_PER_MS = SAMPLE_RATE / 1000;
/** Voices are mixed in frames of this length. */
export const FRAME_MS = 20;
export const FRAME = FRAME_MS * SAMPLES_PER_MS;
/** A packet of the mix as it is encoded. Two of them may be joined afterwards. */
export const PACKET_MS = 60 as const;
export const FRAMES_PER_PACKET = PACKET_MS / FRAME_MS;

/** Level of some samples in dBov: 20 log10 of their root mean square, where full scale is 1. -Infinity for digital silence. */
export function dbov(pcm: Float32Array, start = 0, end = pcm.length): number {
  let sum = 0;
  for (let index = start; index < end; index++) {
    const sample = pcm[index]!;
    sum += sample * sample;
  }
  return 10 * Math.log10(sum / Math.max(1, end - start));
}

/** Multiplies samples by a gain that changes in a straight line, so that it makes no step that would be heard as a click. */
export function applyRamp(pcm: Float32Array, start: number, end: number, from: number, to: number): void {
  const step = (to - from) / Math.max(1, end - start);
  for (let index = start; index < end; index++) pcm[index]! *= from + step * (index - start);
}

/**
 * Adds samples to a mix of the same length, with a gain that changes in a straight line.
 *
 * @returns the level of what was added, in dBov
 */
export function addWithRamp(mix: Float32Array, pcm: Float32Array, from: number, to: number): number {
  const step = (to - from) / pcm.length;
  let [gain, sum] = [from, 0];
  for (let index = 0; index < pcm.length; index++) {
    const sample = pcm[index]! * gain;
    mix[index]! += sample;
    sum += sample * sample;
    gain += step;
  }
  return 10 * Math.log10(sum / pcm.length);
}
