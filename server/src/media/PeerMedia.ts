import { EventEmitter } from 'node:events';
import type { TransportInfo } from '@tribune/shared/protocol.ts';
import type {
  DtlsParameters,
  IceParameters,
  Producer,
  RtpCapabilities,
  RtpParameters,
  WebRtcTransport,
} from 'mediasoup/types';
import { AppError } from '../errors.ts';
import type { AudienceMedia } from './AudienceMedia.ts';
import type { MediaHealth } from './MediaHealth.ts';
import { Reception } from './Reception.ts';
import type { StageMedia } from './StageMedia.ts';

/** From the connection of a new transport to the end of the old: the first packet, and a jitter buffer that has to fill. */
const RETIRE_AFTER_MS = 500;

interface Sending {
  readonly stage: StageMedia;
  readonly transport: WebRtcTransport;
}

/**
 * The media of one peer: at most one sending transport with one producer on it, and one reception, beside which the one before
 * it goes on until the new one is connected. A new one of anything replaces the old, so that no client can pile them up.
 */
export class PeerMedia extends EventEmitter<{
  producerClosed: [producerId: string];
  consumerClosed: [consumerId: string];
}> {
  readonly #userId: string;
  readonly #rtpCapabilities: RtpCapabilities;
  readonly #health: MediaHealth;
  #reception: Reception | null = null;
  #retiring: Reception | null = null;
  #sending: Sending | null = null;
  #producer: Producer | null = null;
  #closed = false;

  constructor(userId: string, rtpCapabilities: RtpCapabilities, health: MediaHealth) {
    super();
    this.#userId = userId;
    this.#rtpCapabilities = rtpCapabilities;
    this.#health = health;
  }

  get producer(): Producer | null {
    return this.#producer;
  }

  get canSend(): boolean {
    return this.#sending !== null && !this.#sending.transport.closed;
  }

  /** What is heard, or about to be. */
  get reception(): Reception | null {
    return this.#reception;
  }

  /** Is what was heard before still going on? */
  get isSwitching(): boolean {
    return this.#retiring !== null;
  }

  /** Are these transports the ones there are: that of what is heard, and that of a producer, where there is either? */
  matches(transportIds: readonly string[]): boolean {
    const sending = this.#producer?.closed === false ? this.#sending : null;
    const own = [this.#reception?.transport, sending?.transport].filter((transport) => transport?.closed === false);
    return (
      own.length === transportIds.length && own.every((transport) => transport && transportIds.includes(transport.id))
    );
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Something else to hear, with nothing on it yet: one of the stage, or a place in the audience. @throws {AppError} UNAVAILABLE */
  async receive(from: StageMedia | AudienceMedia): Promise<Reception> {
    const endpoint = await from.createEndpoint();
    this.#adopt(endpoint.transport);
    const reception = new Reception(endpoint, this.#rtpCapabilities);
    reception.on('consumerClosed', (consumerId) => this.emit('consumerClosed', consumerId));
    // The old one has nobody to hand over to when the new one never connects, and ends with it.
    reception.once('connected', () => this.#retireSoon(reception));
    reception.once('closed', () => this.#handleClosed(reception));
    this.#handOver(reception);
    return reception;
  }

  /** A new sending transport; the producer of the old one is closed with it. @throws {AppError} UNAVAILABLE */
  async createSendTransport(stage: StageMedia): Promise<TransportInfo> {
    const transport = this.#adopt(await stage.mediaRouter.createTransport());
    this.#sending?.transport.close();
    this.#sending = { stage, transport };
    return stage.mediaRouter.describe(transport);
  }

  /** @throws {AppError} NOT_FOUND, or INVALID_PAYLOAD for what mediasoup refuses, a second time included. */
  async connectTransport(transportId: string, dtlsParameters: DtlsParameters): Promise<void> {
    const transport = this.#transportOrThrow(transportId);
    await checked(async () => transport.connect({ dtlsParameters }));
    this.#health.expect(transport, this.#userId);
  }

  /** @throws {AppError} NOT_FOUND */
  async restartIce(transportId: string): Promise<IceParameters> {
    return this.#transportOrThrow(transportId).restartIce();
  }

  /** @throws {AppError} NOT_FOUND, INVALID_STATE when there is a producer on this transport, INVALID_PAYLOAD */
  async produce(transportId: string, rtpParameters: RtpParameters, paused: boolean): Promise<Producer> {
    const transport = this.#transportOrThrow(transportId);
    const sending = this.#sending;
    if (transport !== sending?.transport) throw new AppError('NOT_ALLOWED', 'This transport only receives');
    if (this.#producer && !this.#producer.closed) throw new AppError('INVALID_STATE', 'There is a producer already');
    const producer = await checked(async () =>
      transport.produce({ kind: 'audio', rtpParameters: named(rtpParameters, this.#userId), paused }),
    );
    if (this.closed || transport.closed) {
      producer.close();
      throw new AppError('INVALID_STATE', 'The transport was closed meanwhile');
    }
    this.#producer = producer;
    producer.observer.once('close', () => {
      if (this.#producer === producer) this.#producer = null;
      this.emit('producerClosed', producer.id);
    });
    await sending.stage.addProducer(this.#userId, producer);
    return producer;
  }

  closeSend(): void {
    this.#sending?.transport.close();
    this.#sending = null;
  }

  /** Hears the mix no more, so that one's own voice, which is about to be in it, does not come back. */
  stopMix(): void {
    for (const reception of [this.#reception, this.#retiring]) {
      if (reception?.plane === 'audience') reception.silence();
    }
  }

  stopHearing(): void {
    const receptions = [this.#reception, this.#retiring];
    this.#reception = null;
    this.#retiring = null;
    for (const reception of receptions) reception?.close();
  }

  close(): void {
    this.#closed = true;
    this.stopHearing();
    this.closeSend();
  }

  /** Of those there were, the one that is really heard goes on. */
  #handOver(reception: Reception): void {
    const before = [this.#reception, this.#retiring].filter((old) => old !== null);
    this.#reception = reception;
    this.#retiring = before.find(({ connected }) => connected) ?? null;
    for (const old of before) if (old !== this.#retiring) old.close();
  }

  #retireSoon(reception: Reception): void {
    const old = this.#retiring;
    if (this.#reception === reception && old) setTimeout(() => old.close(), RETIRE_AFTER_MS).unref();
  }

  #handleClosed(reception: Reception): void {
    if (this.#retiring === reception) this.#retiring = null;
    if (this.#reception !== reception) return;
    this.#reception = null;
    this.#retiring?.close();
  }

  /** A transport that came back after the peer was closed is closed too. */
  #adopt(transport: WebRtcTransport): WebRtcTransport {
    if (!this.closed) return transport;
    transport.close();
    throw new AppError('INVALID_STATE', 'The peer was closed meanwhile');
  }

  #transportOrThrow(transportId: string): WebRtcTransport {
    const transports = [this.#reception?.transport, this.#retiring?.transport, this.#sending?.transport];
    const transport = transports.find((candidate) => candidate?.id === transportId && !candidate.closed);
    if (!transport) throw new AppError('NOT_FOUND', 'There is no such transport');
    return transport;
  }
}

/** Under our own name: it goes into the session descriptions of everyone on stage, where a space would break all of it. */
function named(rtpParameters: RtpParameters, cname: string): RtpParameters {
  return { ...rtpParameters, msid: cname, rtcp: { ...rtpParameters.rtcp, cname } };
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
