/** The mixer works at the one rate that Opus always has, on one channel. */
export const SAMPLE_RATE = 48_000;
export const SAMPLES_PER_MS = SAMPLE_RATE / 1000;
/** The mixer's clock: so much of every voice is taken at a time. */
export const FRAME_MS = 20;
export const FRAME = FRAME_MS * SAMPLES_PER_MS;

/** In dBov: 20 log10 of the root mean square, where full scale is 1. -Infinity for digital silence. */
export function dbov(pcm: Float32Array, start = 0, end = pcm.length): number {
  let sum = 0;
  for (let index = start; index < end; index++) sum += pcm[index]! ** 2;
  return 10 * Math.log10(sum / Math.max(1, end - start));
}

/** Multiplies by a gain that goes in a straight line, so that it makes no step that would be heard as a click. */
export function applyRamp(pcm: Float32Array, start: number, end: number, from: number, to: number): void {
  if (from === 1 && to === 1) return;
  const step = (to - from) / Math.max(1, end - start);
  for (let index = start; index < end; index++) pcm[index]! *= from + step * (index - start);
}
