import { readFile } from 'node:fs/promises';
import type { RoomSound } from '@tribune/shared/domain.ts';
import { Application, createEncoder, Signal } from 'libopus-wasm';
import { parseWave } from '@tribune/loadtest/media/speech.ts';
import { FRAME, SAMPLE_RATE } from '../src/mixer/child/sound.ts';

const HALF_WIDTH = 16;
const SILENT_PACKET_BYTES = 2;

/** A file at the mixer's rate, with a gain. */
export async function readSpeech(name: 'speech.wav' | 'speech-2.wav', gainDb = 0): Promise<Float32Array> {
  const { sampleRate, samples } = parseWave(await readFile(new URL(`../../e2e/fixtures/${name}`, import.meta.url)));
  const factor = SAMPLE_RATE / sampleRate;
  const gain = 10 ** (gainDb / 20) / 32_768;
  return Float32Array.from(
    { length: samples.length * factor },
    (_, index) => gain * interpolate(samples, index / factor),
  );
}

/**
 * As a browser sends it, 20 ms a packet: speech at 32 kbit/s with in-band FEC, and null where silence is not sent; music at 96 kbit/s, all
 * of it.
 */
export async function encodeVoice(
  pcm: Float32Array,
  sound: RoomSound = 'speech',
): Promise<readonly (Uint8Array | null)[]> {
  const isSpeech = sound === 'speech';
  using encoder = await createEncoder({
    sampleRate: SAMPLE_RATE,
    channels: 1,
    frameSize: FRAME,
    application: isSpeech ? Application.Voip : Application.Audio,
    signal: isSpeech ? Signal.Voice : Signal.Music,
    bitrate: isSpeech ? 32_000 : 96_000,
    dtx: isSpeech,
    fec: isSpeech,
    packetLossPercent: 10,
  });
  const packets: (Uint8Array | null)[] = [];
  for (let start = 0; start + FRAME <= pcm.length; start += FRAME) {
    const packet = encoder.encodeFloat(pcm.subarray(start, start + FRAME));
    packets.push(packet.length > SILENT_PACKET_BYTES ? packet : null);
  }
  return packets;
}

/** Between samples: a sinc with a raised-cosine window. */
function interpolate(samples: Int16Array, position: number): number {
  const at = Math.floor(position);
  if (at === position) return samples[at]!;
  let sum = 0;
  for (let tap = at - HALF_WIDTH + 1; tap <= at + HALF_WIDTH; tap++) {
    const x = position - tap;
    const window = Math.cos((Math.PI * x) / (2 * HALF_WIDTH)) ** 2;
    sum += (samples[tap] ?? 0) * (Math.sin(Math.PI * x) / (Math.PI * x)) * window;
  }
  return sum;
}
