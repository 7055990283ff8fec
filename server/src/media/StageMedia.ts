import { EventEmitter } from 'node:events';
import { voiceIdOf } from '@tribune/shared/voice.ts';
import type { PlainTransport, Producer } from 'mediasoup/types';
import type { MixSpeaker, RoomMix } from '../mixer/RoomMix.ts';
import type { MediaRouter } from './MediaRouter.ts';
import type { ReceiveEndpoint } from './Reception.ts';

/** The way of the voices to a mix. */
interface Feed {
  readonly mix: RoomMix;
  readonly transport: PlainTransport;
  /** Those that are in the mix, by producer id. */
  readonly speakers: Map<string, MixSpeaker>;
}

/** The router of a room's stage, the voices in it by user id, and their way to the mixer. Knows nothing of roles. */
export class StageMedia extends EventEmitter<{ closed: [] }> {
  readonly plane = 'stage';
  readonly mediaRouter: MediaRouter;
  readonly #producers = new Map<string, Producer>();
  #feed: Feed | null = null;

  constructor(mediaRouter: MediaRouter) {
    super();
    this.mediaRouter = mediaRouter;
    mediaRouter.router.observer.once('close', () => this.emit('closed'));
  }

  get closed(): boolean {
    return this.mediaRouter.closed;
  }

  get producers(): ReadonlyMap<string, Producer> {
    return this.#producers;
  }

  /** A transport for someone who hears the voices one by one. @throws {AppError} UNAVAILABLE */
  async createEndpoint(): Promise<ReceiveEndpoint> {
    return { source: this, transport: await this.mediaRouter.createTransport() };
  }

  /** From now on the voices are in this mix and no other, those that come later included. */
  async feed(mix: RoomMix): Promise<void> {
    const feed = { mix, transport: await this.mediaRouter.createLoopback(mix.port), speakers: new Map() };
    this.#feed?.transport.close();
    this.#feed = feed;
    await Promise.all([...this.#producers].map(async ([userId, producer]) => this.#bring(feed, userId, producer)));
  }

  /** Registers the one voice of a person, forgotten when it closes; resolves when it is in the mix, where there is one. */
  async addProducer(userId: string, producer: Producer): Promise<void> {
    this.#producers.get(userId)?.close();
    this.#producers.set(userId, producer);
    producer.observer.once('close', () => {
      if (this.#producers.get(userId) === producer) this.#producers.delete(userId);
    });
    if (this.#feed) await this.#bring(this.#feed, userId, producer);
  }

  close(): void {
    this.mediaRouter.close();
  }

  /**
   * A voice leaves the mix with its producer, and is silent there while its producer is paused: the mixer is told at once, and does not wait
   * for packets that stay away.
   */
  async #bring(feed: Feed, userId: string, producer: Producer): Promise<void> {
    const { transport, speakers } = feed;
    if (speakers.has(producer.id) || producer.closed) return;
    const options = {
      producerId: producer.id,
      rtpCapabilities: { ...this.mediaRouter.rtpCapabilities, headerExtensions: [] },
      enableRtx: false,
    };
    const consumer = await transport.consume(options).catch((error: unknown) => {
      // The producer or the router went meanwhile: there is no voice to bring.
      if (producer.closed || transport.closed) return null;
      throw error;
    });
    if (!consumer) return;
    if (producer.closed || speakers.has(producer.id)) return consumer.close();
    const { encodings, codecs } = consumer.rtpParameters;
    const tell = () => {
      if (producer.closed) speakers.delete(producer.id);
      else {
        const [ssrc, payloadType] = [encodings?.[0]?.ssrc ?? 0, codecs[0]?.payloadType ?? 0];
        speakers.set(producer.id, { ssrc, payloadType, voiceId: voiceIdOf(userId), muted: producer.paused });
      }
      // Another feed has taken its place, and tells of the same voices.
      if (this.#feed === feed) feed.mix.setSpeakers([...speakers.values()]);
    };
    producer.observer.on('pause', tell);
    producer.observer.on('resume', tell);
    producer.observer.once('close', tell);
    tell();
  }
}
