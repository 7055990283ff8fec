import type { Page } from 'playwright-core';

const TAP_HZ = 16_000;
const ENVELOPE_HZ = 1000;
const STEP = TAP_HZ / ENVELOPE_HZ;
/** Below it, two sounds are not the same. */
const ALIKE = 0.6;

/** What a page recorded, and when its first sample was there, in ms since 1970. */
export interface Recording {
  readonly samples: Float32Array;
  readonly startedMs: number;
}

/** Which of a page's sounds: what its microphone hands to the connection, or what it plays. */
export type Source = 'microphone' | 'output';

/** To be run in a page before anything of it: keeps hold of the microphone's stream. */
export function keepMicrophone(): void {
  const mediaDevices = navigator.mediaDevices as MediaDevices | undefined;
  if (!mediaDevices) return;
  const original = mediaDevices.getUserMedia.bind(mediaDevices);
  mediaDevices.getUserMedia = async (constraints) => {
    const stream = await original(constraints);
    Object.assign(globalThis, { keptMicrophone: stream });
    return stream;
  };
}

/** Records for a while. */
export async function record(page: Page, source: Source, seconds: number): Promise<Recording> {
  const { encoded, startedMs } = await page.evaluate(tap, { source, seconds, hz: TAP_HZ });
  const pcm = Buffer.from(encoded, 'base64');
  const samples = Float32Array.from({ length: pcm.length / 2 }, (_, i) => pcm.readInt16LE(2 * i) / 32_768);
  return { samples, startedMs };
}

/** Runs in the page. Both ends are tapped through the same number of samples, so that what that takes is not in a difference. */
async function tap({ source, seconds, hz }: { source: Source; seconds: number; hz: number }) {
  const CHUNK = 512;
  const kept = globalThis as unknown as { keptMicrophone?: MediaStream };
  const played = document.querySelector('audio')?.srcObject;
  const stream = source === 'microphone' ? kept.keptMicrophone : played;
  if (!(stream instanceof MediaStream)) throw new Error(`There is no ${source}`);
  const context = new AudioContext({ sampleRate: hz });
  await context.resume();
  const processor = context.createScriptProcessor(CHUNK, 1, 1);
  const samples: number[] = [];
  let startedMs = Number.POSITIVE_INFINITY;
  await new Promise<void>((resolve) => {
    processor.addEventListener('audioprocess', ({ inputBuffer }) => {
      for (const sample of inputBuffer.getChannelData(0)) samples.push(sample);
      // An event may come late, and never early: the earliest tells when the clock of the samples began.
      const now = performance.timeOrigin + performance.now();
      startedMs = Math.min(startedMs, now - (samples.length / hz) * 1000);
      if (samples.length >= seconds * hz) resolve();
    });
    context.createMediaStreamSource(stream).connect(processor);
    processor.connect(context.destination);
  });
  await context.close();
  const pcm = Int16Array.from(samples, (sample) => Math.max(-1, Math.min(1, sample)) * 32_767);
  const bytes = new Uint8Array(pcm.buffer);
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return { encoded: btoa(text), startedMs };
}

/**
 * How much later what was said is heard, in ms, for each window of what was heard: the lag at which the envelopes are most
 * alike. Windows in which nothing is alike are left out.
 */
export function latencies(said: Recording, heard: Recording, windowMs = 2000, maxLagMs = 1500): number[] {
  const from = envelope(said.samples);
  const to = envelope(heard.samples);
  const offsetMs = Math.round(heard.startedMs - said.startedMs);
  const found: number[] = [];
  for (let start = 0; start + windowMs <= to.length; start += windowMs) {
    const window = to.subarray(start, start + windowMs);
    let best = { lagMs: 0, alike: 0 };
    for (let lagMs = 0; lagMs <= maxLagMs; lagMs++) {
      const at = start + offsetMs - lagMs;
      if (at < 0 || at + windowMs > from.length) continue;
      const alike = correlation(window, from.subarray(at, at + windowMs));
      if (alike > best.alike) best = { lagMs, alike };
    }
    if (best.alike >= ALIKE) found.push(best.lagMs);
  }
  return found;
}

/** Mean amplitude of each millisecond. */
function envelope(samples: Float32Array): Float32Array {
  return Float32Array.from({ length: Math.floor(samples.length / STEP) }, (_, ms) => {
    let sum = 0;
    for (let i = 0; i < STEP; i++) sum += Math.abs(samples[ms * STEP + i] ?? 0);
    return sum / STEP;
  });
}

function correlation(a: Float32Array, b: Float32Array): number {
  const meanOf = (values: Float32Array) => values.reduce((sum, x) => sum + x, 0) / values.length;
  const [meanA, meanB] = [meanOf(a), meanOf(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]! - meanA, b[i]! - meanB];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : 0;
}
