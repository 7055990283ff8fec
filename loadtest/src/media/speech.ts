import { readFile } from 'node:fs/promises';
import { Application, createEncoder, Signal } from 'libopus-wasm';

/** Duration of every Opus frame sent, as browsers choose it. */
export const FRAME_MS = 20;
const BITRATE = 32_000;
/** What the encoder prepares for with in-band FEC; browsers begin near it. */
const EXPECTED_LOSS_PERCENT = 5;
/** A packet of at most this size says "silence" and need not be sent (libopus, `OPUS_SET_DTX`). */
const SILENT_PACKET_BYTES = 2;
const QUIETEST = 127;

/** 20 ms of speech. */
export interface SpeechFrame {
  /** One Opus packet; null where discontinuous transmission sends none. */
  readonly payload: Uint8Array | null;
  /** Level in -dBov, 0 to 127 (RFC 6464). */
  readonly minusDbov: number;
  readonly voice: boolean;
}

export interface Wave {
  readonly sampleRate: number;
  readonly samples: Int16Array;
}

/** Encodes a file once, for as many speakers as like to say it. @throws {Error} when it is not mono 16-bit PCM. */
export async function encodeSpeech(file: string | URL): Promise<readonly SpeechFrame[]> {
  const { sampleRate, samples } = parseWave(await readFile(file));
  if (!isOpusRate(sampleRate)) throw new Error(`Opus has no sampling rate of ${sampleRate} Hz`);
  const frameSize = (sampleRate * FRAME_MS) / 1000;
  const encoder = await createEncoder({
    sampleRate,
    channels: 1,
    frameSize,
    application: Application.Voip,
    signal: Signal.Voice,
    bitrate: BITRATE,
    dtx: true,
    fec: true,
    packetLossPercent: EXPECTED_LOSS_PERCENT,
  });
  try {
    const frames: SpeechFrame[] = [];
    for (let start = 0; start + frameSize <= samples.length; start += frameSize) {
      const pcm = samples.subarray(start, start + frameSize);
      const payload = encoder.encode(pcm);
      const sent = payload.length > SILENT_PACKET_BYTES;
      frames.push({ payload: sent ? payload : null, minusDbov: levelOf(pcm), voice: sent && !encoder.getInDtx() });
    }
    return frames;
  } finally {
    encoder.free();
  }
}

/** Root mean square below the overload point, in -dBov, rounded (RFC 6464, section 3). */
export function levelOf(pcm: Int16Array): number {
  let sum = 0;
  for (const sample of pcm) sum += sample * sample;
  const rms = Math.sqrt(sum / pcm.length) / 32_768;
  return rms > 0 ? Math.max(0, Math.min(QUIETEST, Math.round(-20 * Math.log10(rms)))) : QUIETEST;
}

/** Reads RIFF/WAVE. @throws {Error} when it is not mono 16-bit PCM. */
export function parseWave(bytes: Buffer): Wave {
  if (bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.toString('latin1', 8, 12) !== 'WAVE') {
    throw new Error('Not a WAVE file');
  }
  let sampleRate = 0;
  for (let at = 12; at + 8 <= bytes.length;) {
    const name = bytes.toString('latin1', at, at + 4);
    const size = bytes.readUInt32LE(at + 4);
    const body = bytes.subarray(at + 8, at + 8 + size);
    if (name === 'fmt ') {
      const [format, channels, bits] = [body.readUInt16LE(0), body.readUInt16LE(2), body.readUInt16LE(14)];
      if (format !== 1 || channels !== 1 || bits !== 16) throw new Error('Not mono 16-bit PCM');
      sampleRate = body.readUInt32LE(4);
    } else if (name === 'data') {
      if (sampleRate === 0) throw new Error('The samples come before their format');
      return { sampleRate, samples: samplesOf(body) };
    }
    at += 8 + size + (size % 2);
  }
  throw new Error('The file holds no samples');
}

function samplesOf(body: Buffer): Int16Array {
  const samples = new Int16Array(Math.floor(body.length / 2));
  for (let index = 0; index < samples.length; index++) samples[index] = body.readInt16LE(index * 2);
  return samples;
}

function isOpusRate(rate: number): rate is 8000 | 12_000 | 16_000 | 24_000 | 48_000 {
  return [8000, 12_000, 16_000, 24_000, 48_000].includes(rate);
}
