import { EventEmitter } from 'node:events';
import type { ConsumerInfo, TransportInfo } from '@tribune/shared/protocol.ts';
import type { Consumer, Producer, RtpCapabilities, WebRtcTransport } from 'mediasoup/types';
import type { AudienceRouter } from './AudienceRouter.ts';
import type { StageMedia } from './StageMedia.ts';

const AUDIO_LEVEL_URI = 'urn:ietf:params:rtp-hdrext:ssrc-audio-level';
const MID_URI = 'urn:ietf:params:rtp-hdrext:sdes:mid';
/**
 * What a receiver needs of header extensions: where a packet belongs, and on stage how loud it is (RFC 6464), from which pages
 * draw who is speaking. In the mix that is in the CSRC list, which is no extension.
 */
const EXTENSIONS = { stage: new Set([MID_URI, AUDIO_LEVEL_URI]), audience: new Set([MID_URI]) } as const;

/** A receiving transport, and whose sound it is for. */
export interface ReceiveEndpoint {
  readonly source: StageMedia | AudienceRouter;
  readonly transport: WebRtcTransport;
}

/** What somebody hears over one receiving transport: the voices of a stage one by one, or a room's mix. */
export class Reception extends EventEmitter<{ connected: []; closed: []; consumerClosed: [consumerId: string] }> {
  readonly source: StageMedia | AudienceRouter;
  readonly transport: WebRtcTransport;
  readonly #rtpCapabilities: RtpCapabilities;
  readonly #consumers = new Map<string, Consumer>();
  #silenced = false;

  constructor({ source, transport }: ReceiveEndpoint, rtpCapabilities: RtpCapabilities) {
    super();
    this.source = source;
    this.transport = transport;
    this.#rtpCapabilities = trimExtensions(rtpCapabilities, EXTENSIONS[source.plane]);
    transport.observer.on('dtlsstatechange', (state) => {
      if (state === 'connected') this.emit('connected');
    });
    transport.observer.once('close', () => this.emit('closed'));
  }

  get plane(): 'stage' | 'audience' {
    return this.source.plane;
  }

  /** Is there nothing to be heard on it any more? */
  get silenced(): boolean {
    return this.#silenced;
  }

  get closed(): boolean {
    return this.transport.closed;
  }

  get connected(): boolean {
    return !this.closed && this.transport.dtlsState === 'connected';
  }

  /** Hears all that there is but one's own voice. Nothing flows before the transport is connected, and no round trip is needed. */
  async consumeAll(ownId: string): Promise<void> {
    const { source } = this;
    if (source.plane === 'audience') return void (await this.consume(source.producer, null, { paused: false }));
    for (const [userId, producer] of source.producers) {
      if (userId !== ownId) await this.consume(producer, userId, { paused: false });
    }
  }

  /**
   * Hears one producer of its source; null when it cannot be (gone, or heard already).
   * @param userId whose voice it is; null is the mix.
   * @param paused until the client says that it is ready; a transport not yet connected sends nothing anyway.
   */
  async consume(producer: Producer, userId: string | null, { paused }: { paused: boolean }): Promise<Consumer | null> {
    const [producerId, rtpCapabilities] = [producer.id, this.#rtpCapabilities];
    if (this.closed || this.#silenced || producer.closed || this.#hears(producerId)) return null;
    const options = { producerId, rtpCapabilities, paused, enableRtx: false, appData: { userId } };
    const consumer = await this.transport.consume(options).catch((error: unknown) => {
      // The producer or the transport went meanwhile, or the client has no codec for it: there is nothing to hear.
      if (producer.closed || this.closed || isOfClient(error)) return null;
      throw error;
    });
    if (!consumer) return null;
    if (this.#silenced || producer.closed || this.#hears(producerId)) {
      consumer.close();
      return null;
    }
    this.#consumers.set(consumer.id, consumer);
    consumer.observer.once('close', () => {
      this.#consumers.delete(consumer.id);
      this.emit('consumerClosed', consumer.id);
    });
    return consumer;
  }

  listConsumers(): ConsumerInfo[] {
    return [...this.#consumers.values()].map(describeConsumer);
  }

  describe(): TransportInfo {
    return this.source.mediaRouter.describe(this.transport);
  }

  /** What was announced to a connection that is gone flows now: the new one is given the full list. */
  async resumeConsumers(): Promise<void> {
    await Promise.all(
      [...this.#consumers.values()].filter(({ paused }) => paused).map((consumer) => consumer.resume()),
    );
  }

  /** Stays connected, and hears nothing any more. */
  silence(): void {
    this.#silenced = true;
    for (const consumer of [...this.#consumers.values()]) consumer.close();
  }

  close(): void {
    this.transport.close();
  }

  #hears(producerId: string): boolean {
    for (const consumer of this.#consumers.values()) if (consumer.producerId === producerId) return true;
    return false;
  }
}

/** What a client says that it can receive is no codec of ours, or nonsense. */
function isOfClient(error: unknown): boolean {
  return error instanceof Error && (error.name === 'UnsupportedError' || error.name === 'TypeError');
}

export function describeConsumer({ id, producerId, appData, rtpParameters }: Consumer): ConsumerInfo {
  return { id, producerId, userId: appData.userId as string | null, rtpParameters };
}

/** A client's capabilities without the header extensions that it has no use for. */
function trimExtensions(rtpCapabilities: RtpCapabilities, wanted: ReadonlySet<string>): RtpCapabilities {
  const { headerExtensions = [] } = rtpCapabilities;
  return { ...rtpCapabilities, headerExtensions: headerExtensions.filter(({ uri }) => wanted.has(uri)) };
}
