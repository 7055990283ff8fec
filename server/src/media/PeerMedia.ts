import { EventEmitter } from 'node:events';
import type { ConsumerInfo, TransportInfo } from '@tribune/shared/protocol.ts';
import type {
  Consumer,
  DtlsParameters,
  IceParameters,
  Producer,
  RtpCapabilities,
  RtpParameters,
  WebRtcTransport,
} from 'mediasoup/types';
import { AppError } from '../errors.ts';
import { trimExtensions, type RoomMedia } from './RoomMedia.ts';

/**
 * The media of one peer in one router: at most one transport each way, one producer, and one consumer per voice heard. A new
 * one of anything replaces the old, so that no client can pile them up. Closed with its router.
 */
export class PeerMedia extends EventEmitter<{
  producerClosed: [producerId: string];
  consumerClosed: [consumerId: string];
}> {
  readonly room: RoomMedia;
  readonly #userId: string;
  readonly #rtpCapabilities: RtpCapabilities;
  readonly #consumers = new Map<string, Consumer>();
  #recv: WebRtcTransport | null = null;
  #send: WebRtcTransport | null = null;
  #producer: Producer | null = null;
  #closed = false;

  constructor(room: RoomMedia, userId: string, rtpCapabilities: RtpCapabilities) {
    super();
    this.room = room;
    this.#userId = userId;
    this.#rtpCapabilities = trimExtensions(rtpCapabilities);
  }

  get producer(): Producer | null {
    return this.#producer;
  }

  get canSend(): boolean {
    return this.#send !== null && !this.#send.closed;
  }

  get hasRecvTransport(): boolean {
    return this.#recv !== null && !this.#recv.closed;
  }

  get closed(): boolean {
    return this.#closed || this.room.closed;
  }

  /** A new receiving transport, without anything on it. */
  async createRecvTransport(): Promise<TransportInfo> {
    const transport = this.#adopt(await this.room.createTransport());
    this.#recv?.close();
    this.#recv = transport;
    return describe(transport);
  }

  /** A new sending transport; the producer of the old one is closed with it. */
  async createSendTransport(): Promise<TransportInfo> {
    const transport = this.#adopt(await this.room.createTransport());
    this.#send?.close();
    this.#send = transport;
    return describe(transport);
  }

  /** @throws {AppError} NOT_FOUND, or INVALID_PAYLOAD for what mediasoup refuses, a second time included. */
  async connectTransport(transportId: string, dtlsParameters: DtlsParameters): Promise<void> {
    const transport = this.#transportOrThrow(transportId);
    await checked(async () => transport.connect({ dtlsParameters }));
  }

  /** @throws {AppError} NOT_FOUND */
  async restartIce(transportId: string): Promise<IceParameters> {
    return this.#transportOrThrow(transportId).restartIce();
  }

  /** @throws {AppError} NOT_FOUND, INVALID_STATE when there is a producer on this transport, INVALID_PAYLOAD */
  async produce(transportId: string, rtpParameters: RtpParameters, paused: boolean): Promise<Producer> {
    const transport = this.#transportOrThrow(transportId);
    if (transport !== this.#send) throw new AppError('NOT_ALLOWED', 'This transport only receives');
    if (this.#producer && !this.#producer.closed) throw new AppError('INVALID_STATE', 'There is a producer already');
    const producer = await checked(async () => transport.produce({ kind: 'audio', rtpParameters, paused }));
    if (this.closed || transport.closed) {
      producer.close();
      throw new AppError('INVALID_STATE', 'The transport was closed meanwhile');
    }
    this.#producer = producer;
    this.room.addProducer(this.#userId, producer);
    producer.observer.once('close', () => {
      if (this.#producer === producer) this.#producer = null;
      this.emit('producerClosed', producer.id);
    });
    return producer;
  }

  closeSend(): void {
    this.#send?.close();
    this.#send = null;
  }

  /**
   * Hears one voice; null when it cannot be (no receiving transport, a voice that has gone, heard already).
   * @param paused until the client says that it is ready; a transport not yet connected sends nothing anyway.
   */
  async consume(speakerId: string, { paused }: { paused: boolean }): Promise<Consumer | null> {
    const recv = this.#recv;
    const producer = this.room.producers.get(speakerId);
    if (!recv || recv.closed || !producer || this.#hears(producer.id)) return null;
    const rtpCapabilities = this.#rtpCapabilities;
    if (!this.room.canConsume(producer, rtpCapabilities)) return null;
    const consumer = await recv.consume({
      producerId: producer.id,
      rtpCapabilities,
      paused,
      enableRtx: false,
      appData: { userId: speakerId },
    });
    if (this.#recv !== recv || producer.closed || this.#hears(producer.id)) {
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

  /** Everything heard now. */
  listConsumers(): ConsumerInfo[] {
    return [...this.#consumers.values()].map(describeConsumer);
  }

  /** What was announced to a connection that is gone flows now: the new one is given the full list. */
  async resumeConsumers(): Promise<void> {
    await Promise.all(
      [...this.#consumers.values()].filter(({ paused }) => paused).map((consumer) => consumer.resume()),
    );
  }

  stopHearing(): void {
    this.#recv?.close();
    this.#recv = null;
  }

  close(): void {
    this.#closed = true;
    this.stopHearing();
    this.closeSend();
  }

  #hears(producerId: string): boolean {
    for (const consumer of this.#consumers.values()) if (consumer.producerId === producerId) return true;
    return false;
  }

  /** A transport that came back after the peer was closed is closed too. */
  #adopt(transport: WebRtcTransport): WebRtcTransport {
    if (!this.closed) return transport;
    transport.close();
    throw new AppError('INVALID_STATE', 'The peer was closed meanwhile');
  }

  #transportOrThrow(transportId: string): WebRtcTransport {
    const transport = [this.#recv, this.#send].find((candidate) => candidate?.id === transportId && !candidate.closed);
    if (!transport) throw new AppError('NOT_FOUND', 'There is no such transport');
    return transport;
  }
}

export function describeConsumer(consumer: Consumer): ConsumerInfo {
  return {
    id: consumer.id,
    producerId: consumer.producerId,
    userId: String(consumer.appData.userId),
    rtpParameters: consumer.rtpParameters,
  };
}

function describe(transport: WebRtcTransport): TransportInfo {
  const { id, iceParameters, iceCandidates, dtlsParameters } = transport;
  return { id, iceParameters, iceCandidates, dtlsParameters };
}

/** mediasoup validates parameters itself: what it throws of a client's parameters is that client's fault. */
async function checked<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const name = error instanceof Error ? error.name : '';
    if (name === 'InvalidStateError') throw new AppError('INVALID_STATE', 'Not in this state', { cause: error });
    throw new AppError('INVALID_PAYLOAD', 'mediasoup refused the parameters', { cause: error });
  }
}
