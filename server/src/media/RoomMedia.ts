import { EventEmitter } from 'node:events';
import type { Producer, RtpCapabilities, WebRtcTransport } from 'mediasoup/types';
import { AppError } from '../errors.ts';
import type { Lane } from './WorkerPool.ts';

/** Seconds without an answer to consent checks (RFC 7675) after which a path counts as lost. */
const ICE_CONSENT_TIMEOUT_S = 10;
const AUDIO_LEVEL_URI = 'urn:ietf:params:rtp-hdrext:ssrc-audio-level';
const MID_URI = 'urn:ietf:params:rtp-hdrext:sdes:mid';
/** What a receiver needs: where a packet belongs, and how loud it is (RFC 6464), from which pages draw who is speaking. */
const CONSUMER_EXTENSIONS = new Set([MID_URI, AUDIO_LEVEL_URI]);

/** One room's router, and the voices in it by user id. Knows nothing of roles. */
export class RoomMedia extends EventEmitter<{ closed: [] }> {
  readonly #lane: Lane;
  readonly #transportConnectMs: number;
  readonly #producers = new Map<string, Producer>();

  constructor(lane: Lane, { transportConnectMs }: { transportConnectMs: number }) {
    super();
    this.#lane = lane;
    this.#transportConnectMs = transportConnectMs;
    lane.router.observer.once('close', () => this.emit('closed'));
  }

  get closed(): boolean {
    return this.#lane.router.closed;
  }

  get rtpCapabilities(): RtpCapabilities {
    return this.#lane.router.rtpCapabilities;
  }

  get producers(): ReadonlyMap<string, Producer> {
    return this.#producers;
  }

  /** A transport that is closed again unless DTLS is up within `TRANSPORT_CONNECT_S`. */
  async createTransport(): Promise<WebRtcTransport> {
    const { router, webRtcServer } = this.#lane;
    if (router.closed) throw new AppError('UNAVAILABLE', 'The media worker is being replaced');
    const transport = await router.createWebRtcTransport({
      webRtcServer,
      enableUdp: true,
      enableTcp: true,
      preferUdp: true,
      enableSctp: false,
      iceConsentTimeout: ICE_CONSENT_TIMEOUT_S,
    });
    const timer = setTimeout(() => {
      if (transport.dtlsState !== 'connected') transport.close();
    }, this.#transportConnectMs);
    transport.observer.once('close', () => clearTimeout(timer));
    return transport;
  }

  /** Registers the one voice of a person; forgotten when it closes. */
  addProducer(userId: string, producer: Producer): void {
    this.#producers.get(userId)?.close();
    this.#producers.set(userId, producer);
    producer.observer.once('close', () => {
      if (this.#producers.get(userId) === producer) this.#producers.delete(userId);
    });
  }

  canConsume(producer: Producer, rtpCapabilities: RtpCapabilities): boolean {
    return this.#lane.router.canConsume({ producerId: producer.id, rtpCapabilities });
  }

  close(): void {
    this.#lane.router.close();
  }
}

/** A client's capabilities without the header extensions that an audience has no use for. */
export function trimExtensions(rtpCapabilities: RtpCapabilities): RtpCapabilities {
  return {
    ...rtpCapabilities,
    headerExtensions: (rtpCapabilities.headerExtensions ?? []).filter(({ uri }) => CONSUMER_EXTENSIONS.has(uri)),
  };
}
