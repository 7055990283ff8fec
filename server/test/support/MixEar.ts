import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { csrcsOf, isRtp, payloadOf, sequenceNumberOf, ssrcOf, timestampOf } from '@tribune/shared/rtp.ts';
import { readCsrc, voiceIdOf } from '@tribune/shared/voice.ts';
import { createDecoder, type OpusDecoderHandle } from 'libopus-wasm';
import { SequenceTracker, type StreamCounts } from '../../../loadtest/src/hearing/SequenceTracker.ts';
import type { MixSpeaker } from '../../src/mixer/RoomMix.ts';

const PAYLOAD_TYPE = 100;

export function speakerOf(userId: string, ssrc: number): MixSpeaker {
  return { ssrc, payloadType: PAYLOAD_TYPE, voiceId: voiceIdOf(userId), muted: false };
}

/** Hears a mix, as the mixer sends it. */
export class MixEar {
  readonly ssrcs = new Set<number>();
  readonly ports = new Set<number>();
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
      const pcm = this.#decoder.decodeFloat(payloadOf(packet));
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
    this.loudestDbov = -Infinity;
  }

  close(): void {
    this.#socket.close();
    this.#decoder.free();
  }
}
