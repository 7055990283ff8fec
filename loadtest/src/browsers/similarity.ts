import { readFile } from 'node:fs/promises';
import FFT from 'fft.js';
import { parseWave } from '../media/speech.ts';

/** Sample rate at which a page's sound is tapped, and at which sounds are compared. */
export const SOUND_PROBE_HZ = 16_000;
/** Between the same speech through a codec (0.9 and more) and other speech (0.3 at most). */
export const SAME_SPEECH = 0.7;
/** Two voices at once: each covers a part of the other. */
export const ONE_OF_TWO = 0.42;
const FRAME = 512;
const HOP = 320;
/** Edges of the bands in Hz: third octaves, about, where speech is. */
const BAND_EDGES_HZ = [150, 250, 350, 500, 700, 1000, 1400, 2000, 2800, 4000, 5500, 7500];
const BANDS = BAND_EDGES_HZ.length - 1;
const FLOOR = 1e-7;

/** Root mean square of samples, in dB of full scale. */
export function levelDb(samples: Float32Array): number {
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, samples.length);
  return 10 * Math.log10(power + 1e-12);
}

/** Reads a fixture at the rate of the sound probe. @throws {Error} when it is not mono 16-bit PCM. */
export async function readSpeech(file: string | URL): Promise<Float32Array> {
  const { sampleRate, samples } = parseWave(await readFile(file));
  const length = Math.floor((samples.length * SOUND_PROBE_HZ) / sampleRate);
  // Linear interpolation: what is compared is the energy in wide bands.
  return Float32Array.from({ length }, (_, i) => {
    const at = (i * sampleRate) / SOUND_PROBE_HZ;
    const left = Math.floor(at);
    const [before, after] = [samples[left] ?? 0, samples[left + 1] ?? 0];
    return (before + (after - before) * (at - left)) / 32_768;
  });
}

/**
 * How alike a recording and a looped original are: the highest correlation, over all lags, of their log energies in bands of
 * 20 ms. 1 is the same; different speech stays far below what a codec and a jitter buffer leave.
 */
export function similarity(recording: Float32Array, original: Float32Array): number {
  return findIn(recording, original).similarity;
}

/** Where in a looped original a recording is most like it, in ms from the beginning of both, and how alike they are there. */
export function findIn(recording: Float32Array, original: Float32Array): { atMs: number; similarity: number } {
  const heard = spectrogram(recording);
  const said = spectrogram(original);
  const best = { atMs: 0, similarity: -1 };
  for (let lag = 0; lag < said.length; lag += BANDS) {
    const alike = correlation(heard, said, lag);
    if (alike > best.similarity)
      Object.assign(best, { atMs: (lag / BANDS / SOUND_PROBE_HZ) * HOP * 1000, similarity: alike });
  }
  return best;
}

/** Log energies, frame after frame, each band with its mean taken away, so that no filter on the way counts. */
function spectrogram(samples: Float32Array): Float64Array {
  const fft = new FFT(FRAME);
  const frames = Math.max(0, Math.floor((samples.length - FRAME) / HOP) + 1);
  const energies = new Float64Array(frames * BANDS);
  for (let index = 0; index < frames; index++) {
    const frame = Array.from(
      samples.subarray(index * HOP, index * HOP + FRAME),
      (x, i) => x * Math.sin((Math.PI * i) / FRAME) ** 2,
    );
    const spectrum = fft.createComplexArray();
    fft.realTransform(spectrum, frame);
    for (let band = 0; band < BANDS; band++) energies[index * BANDS + band] = bandEnergy(spectrum, band);
  }
  for (let band = 0; band < BANDS; band++) {
    let sum = 0;
    for (let at = band; at < energies.length; at += BANDS) sum += energies[at]!;
    for (let at = band; at < energies.length; at += BANDS) energies[at]! -= sum / frames;
  }
  return energies;
}

function bandEnergy(spectrum: readonly number[], band: number): number {
  const [fromHz, toHz] = [BAND_EDGES_HZ[band]!, BAND_EDGES_HZ[band + 1]!];
  let energy = FLOOR;
  for (let bin = Math.ceil((fromHz * FRAME) / SOUND_PROBE_HZ); bin < (toHz * FRAME) / SOUND_PROBE_HZ; bin++) {
    energy += ((spectrum[2 * bin] ?? 0) ** 2 + (spectrum[2 * bin + 1] ?? 0) ** 2) / FRAME ** 2;
  }
  return Math.log(energy);
}

/** @param lag where in the looped `b` the beginning of `a` is. */
function correlation(a: Float64Array, b: Float64Array, lag: number): number {
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < a.length; i++) {
    const x = a[i]!;
    const y = b[(lag + i) % b.length]!;
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return ab / Math.sqrt(aa * bb + 1e-12);
}
