import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import FFT from 'fft.js';
import { expect } from 'vitest';

/** Sample rate at which a page's sound is tapped, and at which sounds are compared. */
const EAR_HZ = 16_000;
/** Between the same speech through a codec (0.9 and more) and other speech (0.3 at most). */
const SAME_SPEECH = 0.7;
/** Two voices at once: each covers a part of the other. */
export const ONE_OF_TWO = 0.42;
const HEARD_S = 4;
const HEARS_WITHIN_MS = 20_000;
const FRAME = 512;
const HOP = 320;
/** Edges of the bands in Hz: third octaves, about, where speech is. */
const BAND_EDGES_HZ = [150, 250, 350, 500, 700, 1000, 1400, 2000, 2800, 4000, 5500, 7500];
const FLOOR = 1e-7;

/**
 * Taps what the page's one audio element plays: its tracks, summed, with the time of each block. A track is tapped as it
 * plays, so a page that plays nothing yields nothing.
 */
export async function attachEar(page: Page): Promise<void> {
  await page.evaluate(installEar, EAR_HZ);
}

/** The last seconds heard, as samples between -1 and 1. */
export async function hear(page: Page, seconds: number): Promise<Float32Array> {
  const encoded = await page.evaluate((wanted) => {
    const { ear } = globalThis as unknown as { ear: { read(seconds: number): string } };
    return ear.read(wanted);
  }, seconds);
  const pcm = Buffer.from(encoded, 'base64');
  return Float32Array.from({ length: pcm.length / 2 }, (_, i) => pcm.readInt16LE(2 * i) / 32_768);
}

/** Root mean square of samples, in dB of full scale. */
export function levelDb(samples: Float32Array): number {
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / Math.max(1, samples.length);
  return 10 * Math.log10(power + 1e-12);
}

/** Reads a fixture (16 bit mono WAV) at the ear's rate. */
export async function readSpeech(url: URL): Promise<Float32Array> {
  const wav = await readFile(url);
  const hz = wav.readUInt32LE(24);
  const data = wav.indexOf('data') + 8;
  const samples = Float32Array.from(
    { length: (wav.length - data) >> 1 },
    (_, i) => wav.readInt16LE(data + 2 * i) / 32_768,
  );
  const length = Math.floor((samples.length * EAR_HZ) / hz);
  // Linear interpolation: what is compared is the energy in wide bands.
  return Float32Array.from({ length }, (_, i) => {
    const at = (i * hz) / EAR_HZ;
    const left = Math.floor(at);
    return (samples[left] ?? 0) + ((samples[left + 1] ?? 0) - (samples[left] ?? 0)) * (at - left);
  });
}

/**
 * How alike a recording and a looped original are: the highest correlation, over all lags, of their log energies in bands of
 * 20 ms. 1 is the same; different speech stays far below what a codec and a jitter buffer leave.
 */
export function similarity(recording: Float32Array, original: Float32Array): number {
  const heard = spectrogram(recording);
  const said = spectrogram(original);
  let best = -1;
  for (let lag = 0; lag < said.length; lag++) {
    const aligned = heard.map((_, i) => said[(lag + i) % said.length] ?? []);
    best = Math.max(best, correlation(heard.flat(), aligned.flat()));
  }
  return best;
}

/** Resolves once a page has played `speech` for some seconds on end, whatever came before. @throws after a while */
export async function expectHears(page: Page, speech: Float32Array, alike = SAME_SPEECH): Promise<void> {
  await expect
    .poll(async () => similarity(await hear(page, HEARD_S), speech), { timeout: HEARS_WITHIN_MS, interval: 500 })
    .toBeGreaterThan(alike);
}

/** Frames of log energies, each band with its mean taken away, so that no filter on the way counts. */
function spectrogram(samples: Float32Array): number[][] {
  const fft = new FFT(FRAME);
  const frames: number[][] = [];
  for (let start = 0; start + FRAME <= samples.length; start += HOP) {
    const frame = Array.from(
      samples.subarray(start, start + FRAME),
      (x, i) => x * Math.sin((Math.PI * i) / FRAME) ** 2,
    );
    const spectrum = fft.createComplexArray();
    fft.realTransform(spectrum, frame);
    frames.push(BAND_EDGES_HZ.slice(1).map((edge, band) => bandEnergy(spectrum, BAND_EDGES_HZ[band] ?? 0, edge)));
  }
  const means = BAND_EDGES_HZ.slice(1).map(
    (_, band) => frames.reduce((sum, frame) => sum + (frame[band] ?? 0), 0) / frames.length,
  );
  return frames.map((frame) => frame.map((value, band) => value - (means[band] ?? 0)));
}

function bandEnergy(spectrum: readonly number[], fromHz: number, toHz: number): number {
  let energy = FLOOR;
  for (let bin = Math.ceil((fromHz * FRAME) / EAR_HZ); bin < (toHz * FRAME) / EAR_HZ; bin++) {
    energy += ((spectrum[2 * bin] ?? 0) ** 2 + (spectrum[2 * bin + 1] ?? 0) ** 2) / FRAME ** 2;
  }
  return Math.log(energy);
}

function correlation(a: readonly number[], b: readonly number[]): number {
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (const [i, x] of a.entries()) {
    const y = b[i] ?? 0;
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return ab / Math.sqrt(aa * bb + 1e-12);
}

/** Runs in the page. A script processor, since a worklet would need a script that the page's policy does not allow. */
function installEar(sampleRate: number): void {
  const KEPT_S = 30;
  const context = new AudioContext({ sampleRate });
  const ring = new Float32Array(KEPT_S * sampleRate);
  let written = 0;
  const processor = context.createScriptProcessor(1024, 1, 1);
  processor.addEventListener('audioprocess', ({ inputBuffer }) => {
    for (const sample of inputBuffer.getChannelData(0)) ring[written++ % ring.length] = sample;
  });
  processor.connect(context.destination);
  const tapped = new Map<MediaStreamTrack, MediaStreamAudioSourceNode>();
  const follow = () => {
    const audio = document.querySelector('audio');
    const stream = audio?.srcObject instanceof MediaStream && !audio.paused && !audio.muted ? audio.srcObject : null;
    const tracks = new Set(stream?.getAudioTracks());
    for (const [track, source] of tapped) {
      if (tracks.has(track)) continue;
      source.disconnect();
      tapped.delete(track);
    }
    for (const track of tracks) {
      if (tapped.has(track)) continue;
      const source = context.createMediaStreamSource(new MediaStream([track]));
      source.connect(processor);
      tapped.set(track, source);
    }
  };
  setInterval(follow, 50);
  const read = (seconds: number) => {
    const wanted = Math.min(Math.round(seconds * sampleRate), written, ring.length);
    const pcm = new Int16Array(wanted);
    for (let i = 0; i < wanted; i++)
      pcm[i] = Math.max(-1, Math.min(1, ring[(written - wanted + i) % ring.length] ?? 0)) * 32_767;
    return btoa(Array.from(new Uint8Array(pcm.buffer), (byte) => String.fromCharCode(byte)).join(''));
  };
  Object.assign(globalThis, { ear: { read } });
}
