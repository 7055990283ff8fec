import type { Page } from 'playwright-core';
import { SOUND_PROBE_HZ } from './similarity.ts';

/** How much of what was heard a page keeps. */
export const KEPT_SOUND_S = 30;

/**
 * Taps what the audio elements of the page play: their tracks, summed, each as loud as its element. A track is tapped as it plays, so a
 * page that plays nothing yields nothing. The page must have been clicked in.
 */
export async function attachSoundProbe(page: Page): Promise<void> {
  await page.evaluate(installSoundProbe, { sampleRate: SOUND_PROBE_HZ, keptS: KEPT_SOUND_S });
}

/** The last seconds heard, as samples between -1 and 1. */
export async function readSound(page: Page, seconds: number): Promise<Float32Array> {
  const encoded = await page.evaluate((wanted) => {
    const { soundProbe } = globalThis as unknown as { soundProbe: { read(seconds: number): string } };
    return soundProbe.read(wanted);
  }, seconds);
  const pcm = Buffer.from(encoded, 'base64');
  return Float32Array.from({ length: pcm.length / 2 }, (_, i) => pcm.readInt16LE(2 * i) / 32_768);
}

/** Runs in the page. A script processor, since a worklet would need a script that the page's policy does not allow. */
function installSoundProbe({ sampleRate, keptS }: { sampleRate: number; keptS: number }): void {
  const context = new AudioContext({ sampleRate });
  const ring = new Float32Array(keptS * sampleRate);
  let written = 0;
  const processor = context.createScriptProcessor(1024, 1, 1);
  processor.addEventListener('audioprocess', ({ inputBuffer }) => {
    for (const sample of inputBuffer.getChannelData(0)) ring[written++ % ring.length] = sample;
  });
  processor.connect(context.destination);
  /** A room plays a stream; a replay plays a file, and what it plays can be had as one. */
  const captured = new Map<HTMLMediaElement, MediaStream>();
  const streamOf = (audio: HTMLAudioElement): MediaStream | null => {
    if (audio.srcObject instanceof MediaStream) return audio.srcObject;
    const known = captured.get(audio) ?? (audio as unknown as { captureStream(): MediaStream }).captureStream();
    captured.set(audio, known);
    return known;
  };
  const tapped = new Map<MediaStreamTrack, { source: MediaStreamAudioSourceNode; gain: GainNode }>();
  const follow = () => {
    const playing = [...document.querySelectorAll('audio')].filter((audio) => !audio.paused && audio.readyState > 0);
    const audioOf = new Map(
      playing.flatMap((audio) => (streamOf(audio)?.getAudioTracks() ?? []).map((track) => [track, audio] as const)),
    );
    for (const [track, { source, gain }] of tapped) {
      if (audioOf.has(track)) continue;
      source.disconnect();
      gain.disconnect();
      tapped.delete(track);
    }
    for (const [track, { muted, volume }] of audioOf) {
      let tap = tapped.get(track);
      if (!tap) {
        tap = { source: context.createMediaStreamSource(new MediaStream([track])), gain: new GainNode(context) };
        tap.source.connect(tap.gain).connect(processor);
        tapped.set(track, tap);
      }
      tap.gain.gain.value = muted ? 0 : volume;
    }
  };
  setInterval(follow, 20);
  const read = (seconds: number) => {
    const wanted = Math.min(Math.round(seconds * sampleRate), written, ring.length);
    const pcm = new Int16Array(wanted);
    for (let i = 0; i < wanted; i++)
      pcm[i] = Math.max(-1, Math.min(1, ring[(written - wanted + i) % ring.length] ?? 0)) * 32_767;
    return btoa(Array.from(new Uint8Array(pcm.buffer), (byte) => String.fromCharCode(byte)).join(''));
  };
  Object.assign(globalThis, { soundProbe: { read } });
}
