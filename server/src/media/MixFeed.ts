import { voiceIdOf } from '@tribune/shared/voice.ts';
import type { Consumer, PlainTransport, Producer } from 'mediasoup/types';
import type { RoomMix } from '../mixer/RoomMix.ts';
import type { MediaRouter } from './MediaRouter.ts';

interface Voice {
  readonly userId: string;
  readonly producer: Producer;
  readonly consumer: Consumer;
}

/** Brings the voices of a stage's router to the mixer: one transport, and a consumer for each voice. Closed with its router. */
export class MixFeed {
  readonly #mediaRouter: MediaRouter;
  readonly #mix: RoomMix;
  readonly #transport: PlainTransport;
  readonly #voices = new Map<string, Voice>();

  private constructor(mediaRouter: MediaRouter, mix: RoomMix, transport: PlainTransport) {
    this.#mediaRouter = mediaRouter;
    this.#mix = mix;
    this.#transport = transport;
  }

  static async create(mediaRouter: MediaRouter, mix: RoomMix): Promise<MixFeed> {
    return new MixFeed(mediaRouter, mix, await mediaRouter.createLoopback(mix.port));
  }

  /**
   * Resolves when the voice is in the mix. It leaves it with its producer, and is silent there while its producer is paused: the
   * mixer is told at once, and does not wait for packets that stay away.
   */
  async add(userId: string, producer: Producer): Promise<void> {
    if (this.#voices.has(producer.id) || producer.closed) return;
    const options = {
      producerId: producer.id,
      rtpCapabilities: { ...this.#mediaRouter.rtpCapabilities, headerExtensions: [] },
      enableRtx: false,
    };
    const consumer = await this.#transport.consume(options).catch((error: unknown) => {
      // The producer or the router went meanwhile: there is no voice to bring.
      if (producer.closed || this.#transport.closed) return null;
      throw error;
    });
    if (!consumer) return;
    if (producer.closed || this.#voices.has(producer.id)) return consumer.close();
    this.#voices.set(producer.id, { userId, producer, consumer });
    producer.observer.on('pause', () => this.#tell());
    producer.observer.on('resume', () => this.#tell());
    producer.observer.once('close', () => {
      this.#voices.delete(producer.id);
      this.#tell();
    });
    this.#tell();
  }

  close(): void {
    this.#transport.close();
  }

  #tell(): void {
    this.#mix.setSpeakers(
      [...this.#voices.values()].map(({ userId, producer, consumer: { rtpParameters } }) => ({
        ssrc: rtpParameters.encodings?.[0]?.ssrc ?? 0,
        payloadType: rtpParameters.codecs[0]?.payloadType ?? 0,
        voiceId: voiceIdOf(userId),
        muted: producer.paused,
      })),
    );
  }
}
