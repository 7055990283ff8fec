import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { csrcsOf, isRtp, payloadOf, sequenceNumberOf, ssrcOf, timestampOf } from '@tribune/shared/rtp.ts';
import { readCsrc, voiceIdOf } from '@tribune/shared/voice.ts';
import { opusDurationMsOf } from '@tribune/shared/rtp/opus.ts';
import { createDecoder, type OpusDecoderHandle } from 'libopus-wasm';
import { SequenceTracker, type StreamCounts } from '@tribune/loadtest/hearing/SequenceTracker.ts';
import type { MixSpeaker } from '../../src/mixer/RoomMix.ts';

const PAYLOAD_TYPE = 100;
/** Samples in 60 ms. */
const PIECE = 2880;

export function speakerOf(userId: string, ssrc: number): MixSpeaker {
  return { ssrc, payloadType: PAYLOAD_TYPE, voiceId: voiceIdOf(userId), muted: false };
}

export function lostOf({ counts: { expected, received } }: MixEar): number {
  return expected - received;
}

/** Hears a mix, as the mixer sends it. */
export class MixEar {
  readonly ssrcs = new Set<number>();
  readonly ports = new Set<number>();
  /** How much sound each packet held, in ms. */
  readonly durationsMs: number[] = [];
  /** By RTP timestamp, in pieces of 60 ms. */
  readonly sound = new Map<number, Float32Array>();
  readonly #voices = new Set<number>();
  readonly #tracker = new SequenceTracker();
  readonly #socket: Socket;
  readonly #decoder: OpusDecoderHandle;
  loudestDbov = -Infinity;

  private constructor(socket: Socket, decoder: OpusDecoderHandle) {
    this.#socket = socket;
    this.#decoder = decoder;
    socket.on('message', (packet, { port }) => {
      if (!isRtp(packet)) return;
      this.#tracker.add(sequenceNumberOf(packet), timestampOf(packet), performance.now());
      this.ports.add(port);
      this.ssrcs.add(ssrcOf(packet));
      for (const csrc of csrcsOf(packet)) this.#voices.add(readCsrc(csrc).voiceId);
      const payload = payloadOf(packet)!;
      const pcm = this.#decoder.decodeFloat(payload);
      this.durationsMs.push(opusDurationMsOf(payload));
      for (let at = 0; at < pcm.length; at += PIECE) {
        this.sound.set((timestampOf(packet) + at) >>> 0, pcm.slice(at, at + PIECE));
      }
      const power = pcm.reduce((sum, sample) => sum + sample * sample, 0) / pcm.length;
      this.loudestDbov = Math.max(this.loudestDbov, 10 * Math.log10(power));
    });
  }

  static async create(): Promise<MixEar> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new MixEar(socket, await createDecoder({ channels: 1 }));
  }

  get port(): number {
    return this.#socket.address().port;
  }

  get voices(): number[] {
    return [...this.#voices];
  }

  get counts(): StreamCounts {
    return this.#tracker.counts();
  }

  forget(): void {
    this.#voices.clear();
    this.ssrcs.clear();
    this.ports.clear();
    this.durationsMs.length = 0;
    this.loudestDbov = -Infinity;
  }

  close(): void {
    this.#socket.close();
    this.#decoder.free();
  }
}
