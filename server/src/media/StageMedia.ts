import { EventEmitter } from 'node:events';
import type { Producer } from 'mediasoup/types';
import type { RoomMix } from '../mixer/RoomMix.ts';
import type { MediaRouter } from './MediaRouter.ts';
import { MixFeed } from './MixFeed.ts';
import type { ReceiveEndpoint } from './Reception.ts';

/** The router of a room's stage, and the voices in it by user id. Knows nothing of roles. */
export class StageMedia extends EventEmitter<{ closed: [] }> {
  readonly plane = 'stage';
  readonly mediaRouter: MediaRouter;
  readonly #producers = new Map<string, Producer>();
  #feed: MixFeed | null = null;

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
    const feed = await MixFeed.create(this.mediaRouter, mix);
    this.#feed?.close();
    this.#feed = feed;
    await Promise.all([...this.#producers].map(async ([userId, producer]) => feed.add(userId, producer)));
  }

  /** Registers the one voice of a person, forgotten when it closes; resolves when it is in the mix, where there is one. */
  async addProducer(userId: string, producer: Producer): Promise<void> {
    this.#producers.get(userId)?.close();
    this.#producers.set(userId, producer);
    producer.observer.once('close', () => {
      if (this.#producers.get(userId) === producer) this.#producers.delete(userId);
    });
    await this.#feed?.add(userId, producer);
  }

  close(): void {
    this.mediaRouter.close();
  }
}
