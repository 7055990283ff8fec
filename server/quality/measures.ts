import FFT from 'fft.js';
import { KWeighting, lufsOf } from '../src/mixer/child/voice/KWeighting.ts';
import { SAMPLE_RATE } from '../src/mixer/child/sound.ts';

/** Ways to say how far a sound is from what it should be. */

/** So much is compared at a time: the mixer changes delays and gains slowly compared with it. */
const SEGMENT = 0.4 * SAMPLE_RATE;
const MAX_LAG = 0.5 * SAMPLE_RATE;
/** Where a mix says nothing, so much is taken for its delay. */
const USUAL_LAG = 0.08 * SAMPLE_RATE;
/** Nothing is measured where nobody speaks. */
const ACTIVE_DBOV = -40;
/** A segment counts for no more than this, in dB: beyond, nobody hears a difference. */
const RATIO_RANGE_DB = [-10, 35] as const;

const GATE_LUFS = -50;

const SPECTRUM = 1024;
const HOP = 480;
const BAND_HZ = [100, 8000] as const;
/** Below its peak, what a frame holds is masked by the rest of it. */
const SPECTRAL_FLOOR_DB = 50;

export interface Difference {
  /** Scale-invariant signal-to-distortion ratio in dB, mean over segments: higher is better. */
  readonly siSdrDb: number;
  /** Log-spectral distance in dB, mean over frames: lower is better. */
  readonly logSpectralDistanceDb: number;
  readonly segments: number;
}

/**
 * Compares a mix with the best mix of the same sources, in which each may have any delay and any gain, as jitter buffers and
 * the automatic gain give them. The ratio is SI-SDR (Le Roux et al., "SDR – half-baked or well done?", 2019), with the one scale of a source
 * extended to one for each of several (as in Vincent et al., 2006); the distance is the root mean square over frequency of the
 * difference of log spectra (Gray and Markel, 1976).
 */
export function compare(mix: Float32Array, sources: readonly Float32Array[]): Difference {
  const ratios: number[] = [];
  const distances: number[] = [];
  for (let start = MAX_LAG; start + SEGMENT <= mix.length; start += SEGMENT) {
    const heard = mix.subarray(start, start + SEGMENT);
    const aligned = sources.map((source) => align(heard, source, start)).filter((part) => isActive(part));
    if (aligned.length === 0) continue;
    const ideal = project(heard, aligned);
    ratios.push(ratioDb(heard, ideal));
    distances.push(...spectralDistances(heard, ideal));
  }
  return { siSdrDb: mean(ratios), logSpectralDistanceDb: mean(distances), segments: ratios.length };
}

/** Largest step from one sample to the next: a click is one that speech does not make. */
export function largestStep(pcm: Float32Array): number {
  let largest = 0;
  for (let index = 1; index < pcm.length; index++) largest = Math.max(largest, Math.abs(pcm[index]! - pcm[index - 1]!));
  return largest;
}

/** Loudness of a part in LUFS, gated at -50 LUFS and no further (ITU-R BS.1770-5 with blocks of 100 ms). */
export function loudnessOf(pcm: Float32Array, fromS: number, toS: number): number {
  const filter = new KWeighting();
  const block = SAMPLE_RATE / 10;
  const powers: number[] = [];
  for (let start = fromS * SAMPLE_RATE; start + block <= toS * SAMPLE_RATE; start += block) {
    powers.push(filter.power(pcm.subarray(start, start + block)));
  }
  return lufsOf(mean(powers.filter((power) => lufsOf(power) > GATE_LUFS)));
}

/** How many samples the source lies before what was heard, where it is most like it. */
export function lagOf(heard: Float32Array, source: Float32Array, start: number): number {
  const size = 2 ** Math.ceil(Math.log2(SEGMENT + MAX_LAG));
  const before = source.subarray(Math.max(0, start - MAX_LAG), Math.min(source.length, start + SEGMENT));
  const correlation = correlate(before, heard, size);
  let best = 0;
  const lags = Math.min(start, MAX_LAG);
  for (let shift = 0; shift <= lags; shift++) if (correlation[2 * shift]! > correlation[2 * best]!) best = shift;
  return lags - best;
}

function align(heard: Float32Array, source: Float32Array, start: number): Float32Array {
  const from = start - (isActive(heard) ? lagOf(heard, source, start) : USUAL_LAG);
  const part = new Float32Array(heard.length);
  part.set(source.subarray(from, from + heard.length));
  return part;
}

/** `sum over n of a[n + shift] * b[n]`, as complex numbers. */
function correlate(a: Float32Array, b: Float32Array, size: number): number[] {
  const fft = new FFT(size);
  const [spectrumA, spectrumB] = [a, b].map((samples) => {
    const padded = new Float64Array(size);
    padded.set(samples);
    const spectrum = fft.createComplexArray();
    fft.realTransform(spectrum, padded);
    fft.completeSpectrum(spectrum);
    return spectrum;
  }) as [number[], number[]];
  const product = fft.createComplexArray();
  for (let index = 0; index < product.length; index += 2) {
    const [ar, ai, br, bi] = [spectrumA[index]!, spectrumA[index + 1]!, spectrumB[index]!, spectrumB[index + 1]!];
    product[index] = ar * br + ai * bi;
    product[index + 1] = ai * br - ar * bi;
  }
  const result = fft.createComplexArray();
  fft.inverseTransform(result, product);
  return result;
}

function isActive(pcm: Float32Array): boolean {
  return 10 * Math.log10(dot(pcm, pcm) / pcm.length) > ACTIVE_DBOV;
}

/** The sum of sources, each with a gain, that is nearest to the mix: least squares by Gaussian elimination. */
function project(mix: Float32Array, sources: readonly Float32Array[]): Float32Array {
  const rows = sources.map((row) => [...sources.map((column) => dot(row, column)), dot(row, mix)]);
  for (let pivot = 0; pivot < rows.length; pivot++) {
    for (let row = 0; row < rows.length; row++) {
      if (row === pivot) continue;
      const factor = rows[row]![pivot]! / rows[pivot]![pivot]!;
      rows[row] = rows[row]!.map((value, column) => value - factor * rows[pivot]![column]!);
    }
  }
  const ideal = new Float32Array(mix.length);
  for (const [index, source] of sources.entries()) {
    const gain = rows[index]!.at(-1)! / rows[index]![index]!;
    for (let at = 0; at < ideal.length; at++) ideal[at]! += gain * source[at]!;
  }
  return ideal;
}

function ratioDb(mix: Float32Array, ideal: Float32Array): number {
  let distortion = 0;
  for (let index = 0; index < mix.length; index++) distortion += (mix[index]! - ideal[index]!) ** 2;
  const ratio = 10 * Math.log10(dot(ideal, ideal) / distortion) || 0;
  return Math.max(RATIO_RANGE_DB[0], Math.min(RATIO_RANGE_DB[1], ratio));
}

function spectralDistances(mix: Float32Array, ideal: Float32Array): number[] {
  const distances: number[] = [];
  for (let start = 0; start + SPECTRUM <= mix.length; start += HOP) {
    const a = spectrumDb(mix, start);
    const b = spectrumDb(ideal, start);
    const floor = Math.max(...a, ...b) - SPECTRAL_FLOOR_DB;
    const squares = a.map((value, bin) => (Math.max(value, floor) - Math.max(b[bin]!, floor)) ** 2);
    distances.push(Math.sqrt(mean(squares)));
  }
  return distances;
}

const spectrumFft = new FFT(SPECTRUM);

function spectrumDb(pcm: Float32Array, start: number): number[] {
  const frame = Array.from(
    pcm.subarray(start, start + SPECTRUM),
    (x, index) => x * Math.sin((Math.PI * index) / SPECTRUM) ** 2,
  );
  const spectrum = spectrumFft.createComplexArray();
  spectrumFft.realTransform(spectrum, frame);
  const [from, to] = BAND_HZ.map((hz) => Math.round((hz * SPECTRUM) / SAMPLE_RATE)) as [number, number];
  return Array.from({ length: to - from }, (_, index) => {
    const bin = 2 * (from + index);
    return 10 * Math.log10(spectrum[bin]! ** 2 + spectrum[bin + 1]! ** 2 + 1e-12);
  });
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += a[index]! * b[index]!;
  return sum;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
