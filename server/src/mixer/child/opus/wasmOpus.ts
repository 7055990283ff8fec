import { Application, createDecoder, createEncoder, loadLibopus, Signal } from 'libopus-wasm';
import { SAMPLE_RATE, SAMPLES_PER_MS } from '../sound.ts';
import type { OpusCodec } from './OpusCodec.ts';

/** libopus in WebAssembly, which runs wherever Node does. */
export async function loadWasmOpus(): Promise<OpusCodec> {
  const { version } = await loadLibopus();
  return {
    name: 'wasm',
    version,
    createEncoder: async ({ sound, packetMs, bitrate, complexity, expectedLossPercent }) => {
      const isSpeech = sound === 'speech';
      const encoder = await createEncoder({
        sampleRate: SAMPLE_RATE,
        channels: 1,
        frameSize: packetMs * SAMPLES_PER_MS,
        application: isSpeech ? Application.Voip : Application.Audio,
        signal: isSpeech ? Signal.Voice : Signal.Music,
        bitrate,
        complexity,
        fec: isSpeech,
        packetLossPercent: expectedLossPercent,
      });
      return {
        encode: (pcm) => encoder.encodeFloat(pcm),
        setDtx: (isOn) => encoder.setDtx(isOn),
        free: () => encoder.free(),
      };
    },
    createDecoder: async () => {
      const decoder = await createDecoder({ channels: 1, sampleRate: SAMPLE_RATE });
      return {
        decode: (packet) => decoder.decodeFloat(packet),
        recover: (packet, frameSize) => decoder.decodeFloat(packet, { frameSize, decodeFec: true }),
        conceal: (frameSize) => decoder.decodeFloat(null, { frameSize }),
        free: () => decoder.free(),
      };
    },
  };
}
