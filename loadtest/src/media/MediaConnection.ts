import type { TransportInfo } from '@tribune/shared/protocol.ts';
import { isIPv6 } from 'node:net';
import { Audio, PeerConnection, type IceServer, type Track } from 'node-datachannel';
import { Relay, type RelayOptions } from './Relay.ts';
import { buildOffer, candidateLine, dtlsParametersOf } from './sdp.ts';
import type { DtlsParameters, IceCandidate, OfferedMedia, RtpParameters } from './sdp.ts';

/** Why a connection failed: the layer that did not come up or went down, and how. */
export type MediaFailure = 'ice:timeout' | 'dtls:timeout' | 'ice:failed' | 'dtls:failed' | 'media:lost';

export class MediaError extends Error {
  readonly failure: MediaFailure;

  constructor(failure: MediaFailure) {
    super(`The media connection failed: ${failure}`);
    this.failure = failure;
  }
}

export interface MediaHandlers {
  /** Every packet received, RTP and RTCP alike, decrypted; `arrivalMs` is of `performance.now()`. */
  onPacket?(packet: Buffer, mid: string, arrivalMs: number): void;
  /** Once, when a connection that was up is lost. Not called after `close()`. */
  onLost?(): void;
}

interface Sending {
  readonly rtpParameters: RtpParameters;
  readonly ssrc: number;
}

const SENDING_MID = '0';

/**
 * One WebRTC connection to one mediasoup transport: real ICE, DTLS and SRTP by libdatachannel. The order of calls is that of
 * mediasoup-client: `offer()` gives the DTLS parameters, which the server has to know before `start()`.
 */
export class MediaConnection {
  readonly #transport: TransportInfo;
  readonly #pc: PeerConnection;
  readonly #handlers: MediaHandlers;
  /** Held, because a track that is collected closes itself. */
  readonly #tracks = new Map<string, Track>();
  readonly #connection = Promise.withResolvers<void>();
  readonly #route: RelayOptions | null;
  #relay: Relay | null = null;
  #version = 0;
  #iceConnected = false;
  #connected = false;
  #closed = false;

  /**
   * @param route through a relay of its own; null straight to the server.
   * @param turnServer through which everything goes, where there is one
   */
  constructor(
    name: string,
    transport: TransportInfo,
    handlers: MediaHandlers = {},
    route: RelayOptions | null = null,
    turnServer?: IceServer,
  ) {
    this.#route = route;
    this.#transport = transport;
    this.#handlers = handlers;
    const ice = turnServer
      ? { iceServers: [turnServer], iceTransportPolicy: 'relay' as const }
      : { iceServers: [], ...bindingOf(transport.iceCandidates, route) };
    this.#pc = new PeerConnection(name, ice);
    this.#pc.onIceStateChange((state) => {
      if (state === 'connected' || state === 'completed') this.#iceConnected = true;
    });
    this.#pc.onStateChange((state) => this.#handleState(state));
    this.#pc.onTrack((track) => this.#receive(track));
    // Someone may wait for the connection only later, or never.
    this.#connection.promise.catch(() => undefined);
  }

  get connected(): boolean {
    return this.#connected && !this.#closed;
  }

  /**
   * Makes this side answer to what the server's transport carries: at first, and again when streams are added or become
   * inactive. Sections keep their order and are never taken away.
   * @throws {Error} when libdatachannel refuses the description.
   */
  offer(media: readonly OfferedMedia[]): DtlsParameters {
    this.#version += 1;
    this.#pc.setRemoteDescription(buildOffer(this.#transport, media, this.#version), 'offer');
    const answer = this.#pc.localDescription();
    if (!answer) throw new Error('libdatachannel gave no answer');
    return dtlsParametersOf(answer.sdp);
  }

  /** Like `offer()`, for a transport that this side sends one stream on. */
  offerSending({ rtpParameters, ssrc }: Sending): DtlsParameters {
    const audio = new Audio(SENDING_MID, 'SendOnly');
    for (const { payloadType } of rtpParameters.codecs) audio.addOpusCodec(payloadType);
    const cname = rtpParameters.rtcp?.cname ?? 'tribune';
    audio.addSSRC(ssrc, cname, cname, cname);
    this.#hold(SENDING_MID, this.#pc.addTrack(audio));
    return this.offer([{ mid: SENDING_MID, direction: 'recvonly', rtpParameters }]);
  }

  /** Begins ICE. Only UDP: what libdatachannel would do over TCP is no measure of what a browser does. */
  async start(): Promise<void> {
    const candidates = await this.#candidates();
    if (this.#closed) return;
    for (const candidate of candidates) {
      this.#pc.addRemoteCandidate(candidateLine(candidate), SENDING_MID);
    }
  }

  /**
   * Resolves once ICE and DTLS are up and SRTP can flow.
   * @throws {MediaError}
   */
  async waitUntilConnected(timeoutMs: number): Promise<void> {
    const timer = setTimeout(() => {
      this.#connection.reject(new MediaError(this.#iceConnected ? 'dtls:timeout' : 'ice:timeout'));
    }, timeoutMs);
    try {
      await this.#connection.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends one packet as it is; false when it could not be sent. */
  send(packet: Buffer, mid = SENDING_MID): boolean {
    if (!this.connected) return false;
    try {
      return this.#tracks.get(mid)?.sendMessageBinary(packet) ?? false;
    } catch {
      // The connection went down between two callbacks; its state change follows.
      return false;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#connection.reject(new MediaError('media:lost'));
    for (const track of this.#tracks.values()) track.close();
    this.#tracks.clear();
    this.#pc.close();
    this.#relay?.close();
  }

  /** Through a relay there is one way, the one that the server names first. */
  async #candidates(): Promise<IceCandidate[]> {
    const candidates = udpOf(this.#transport.iceCandidates);
    const [first] = candidates;
    if (!this.#route || !first) return candidates;
    const relay = await Relay.open(first, this.#route);
    if (this.#closed) {
      relay.close();
      return [];
    }
    this.#relay = relay;
    return [relay.candidateFor(first)];
  }

  #receive(track: Track): void {
    const mid = track.mid();
    this.#hold(mid, track);
    if (this.#closed) {
      track.close();
      return;
    }
    track.onMessage((packet) => {
      if (!this.#closed) this.#handlers.onPacket?.(packet, mid, performance.now());
    });
  }

  #hold(mid: string, track: Track): void {
    this.#tracks.set(mid, track);
    // Without someone to tell of its end, node-datachannel keeps the process alive for it.
    track.onClosed(() => undefined);
  }

  #handleState(state: string): void {
    if (this.#closed) return;
    if (state === 'connected') {
      this.#connected = true;
      this.#connection.resolve();
    } else if (state === 'failed' || state === 'closed' || (state === 'disconnected' && this.#connected)) {
      const wasConnected = this.#connected;
      this.#connected = false;
      if (wasConnected) this.#handlers.onLost?.();
      else this.#connection.reject(new MediaError(this.#iceConnected ? 'dtls:failed' : 'ice:failed'));
    }
  }
}

/**
 * Against a server on this machine, one local address is enough: gathering every interface for each of a thousand listeners
 * would cost more than the join.
 */
function bindingOf(candidates: readonly IceCandidate[], route: RelayOptions | null): { bindAddress?: string } {
  const addresses = udpOf(candidates).map(({ address, ip }) => address ?? ip);
  const [first] = addresses;
  if (first === undefined) return {};
  if (route) return { bindAddress: isIPv6(first) ? '::1' : '127.0.0.1' };
  if (addresses.every((address) => address.startsWith('127.'))) return { bindAddress: '127.0.0.1' };
  if (addresses.every((address) => address === '::1')) return { bindAddress: '::1' };
  return {};
}

function udpOf(candidates: readonly IceCandidate[]): IceCandidate[] {
  return candidates.filter(({ protocol }) => protocol === 'udp');
}
