import { ApiError, type ApiClient } from '@tribune/shared/ApiClient.ts';
import type { Welcome } from '@tribune/shared/protocol.ts';
import { RoomConnection, type OpenedConnection, type RoomConnectionState } from '@tribune/shared/RoomConnection.ts';
import type { HandshakeAuth } from '@tribune/shared/schemas.ts';
import type { SignalingClient, SignalingSocket } from '@tribune/shared/SignalingClient.ts';
import { socketAddress } from '@tribune/shared/socketAddress.ts';
import { io, type Socket } from 'socket.io-client';
import { HearingRecord } from '../hearing/HearingRecord.ts';
import { receivableOf } from '../media/rtpParameters.ts';
import type { Guard } from '../guard.ts';
import { Failure, within } from './failure.ts';
import { FULL, type ListenerKind } from '../hearing/kinds.ts';
import { PeerPolicy } from './PeerPolicy.ts';
import { PeerReception } from './PeerReception.ts';

/** As long as a server lets a transport try. */
export const MEDIA_TIMEOUT_MS = 10_000;

/** As a page: a node that gave a ticket and passes no media for so long is left for another. */
const NODE_MEDIA_TIMEOUT_MS = 5000;

/** Three nodes may have to be tried, and the server may ask for a restart meanwhile. */
export const RECEIVING_TIMEOUT_MS = 3 * NODE_MEDIA_TIMEOUT_MS + MEDIA_TIMEOUT_MS + 5000;

/** Media that never came up, whatever the layer; a refusal of the server is something else. */
const NOT_CONNECTED = new Set(['ice:timeout', 'ice:failed', 'dtls:timeout', 'dtls:failed']);

export interface PeerOptions {
  readonly name: string;
  /** Holds the session of this one person. */
  readonly api: ApiClient;
  /** The server that gives the ticket, and that the socket goes to unless the ticket says otherwise. */
  readonly origin: string;
  readonly roomId: string;
  readonly guard: Guard;
  /** Comes back when the connection is lost, as a page does, and hears on meanwhile. Default: a loss is the end, unless the room has moved. */
  readonly follows?: boolean;
  /** Left out, everything is decrypted and checked, over the network as it is. */
  readonly kind?: ListenerKind;
  /** Where everything heard is counted. Default: a record of this peer alone. */
  readonly record?: HearingRecord;
}

export interface PeerHandlers {
  /** With every RTP packet; `arrivalMs` is of `performance.now()`. */
  onAudio?(arrivalMs: number, packet: Buffer): void;
  /** The transport that this person sends on; null where there is none. */
  sendTransportId?(): string | null;
  /** The connection is another one now; `media` says what became of what was heard. */
  onFollowed?(media: Welcome['media']['kind']): void;
  /** Once, when what was established breaks. Not called after `close()`. */
  onLost?(failure: Failure): void;
}

/** One simulated person's presence in a room, from the ticket to the sound: what listeners and speakers have in common. */
export class Peer {
  readonly #options: PeerOptions;
  readonly #handlers: PeerHandlers;
  readonly #record: HearingRecord;
  readonly #policy: PeerPolicy;
  readonly #connection: RoomConnection;
  readonly #reception: PeerReception;
  readonly #receiving = Promise.withResolvers<void>();
  /** The newest connection, also while the next one is sought. */
  #opened: OpenedConnection | null = null;
  #socket: Socket | null = null;
  /** Resolves with the welcome that follows a connection which was cut on purpose. */
  #rejoined: PromiseWithResolvers<Welcome> | null = null;
  #closed = false;
  #lost = false;

  constructor(options: PeerOptions, handlers: PeerHandlers = {}) {
    this.#options = options;
    this.#handlers = handlers;
    const { name, api, roomId, guard, follows = false, kind = FULL, record = new HearingRecord() } = options;
    this.#record = record;
    this.#policy = new PeerPolicy(follows, record);
    this.#connection = new RoomConnection({
      ...{ api, roomId, policy: this.#policy },
      createSocket: (url, auth) => this.#createSocket(url, auth),
      prepare: async ({ url, rtpCapabilities }) => {
        if (url !== null) await guard(url);
        return receivableOf(rtpCapabilities);
      },
      transportIds: () =>
        [this.#reception.transportId, this.#handlers.sendTransportId?.()].filter((it) => typeof it === 'string'),
      subscribe: (signaling) => this.#subscribe(signaling),
      onState: (state) => this.#handleState(state),
    });
    this.#reception = new PeerReception({
      ...{ name, kind, record },
      connectTimeoutMs: () => (typeof this.#opened?.ticket.url === 'string' ? NODE_MEDIA_TIMEOUT_MS : MEDIA_TIMEOUT_MS),
      connectTransport: async (transportId, dtlsParameters) =>
        this.signaling.request('transport:connect', { transportId, dtlsParameters }),
      startMedia: async () => this.signaling.request('media:start'),
      onAudio: (arrivalMs, packet) => this.#handlers.onAudio?.(arrivalMs, packet),
      onReceiving: () => this.#receiving.resolve(),
      onFailed: (failure) => this.#handleMediaFailed(failure),
    });
    // A speaker alone in a room never waits for sound.
    this.#receiving.promise.catch(() => undefined);
  }

  /** @throws {Error} before `enter()`. */
  get signaling(): SignalingClient {
    return this.#openedOrThrow().signaling;
  }

  /** @throws {Error} before `enter()`. */
  get ticket(): OpenedConnection['ticket'] {
    return this.#openedOrThrow().ticket;
  }

  /** Ticket, socket, welcome; media is under way when it returns. @throws {Failure} */
  async enter(): Promise<Welcome> {
    const { welcome } = await this.#connection.join().catch((error: unknown) => {
      throw failureOf(error);
    });
    // A page that is new to the room has nothing that could be kept.
    if (welcome.media.kind === 'kept') throw new Failure('socket:kept');
    return welcome;
  }

  /** The socket is cut and comes back with a new ticket, as a page's does. Says what became of media. @throws {Failure} */
  async reconnect(): Promise<Welcome['media']['kind']> {
    this.#policy.expectLoss();
    this.#rejoined = Promise.withResolvers();
    this.#cut();
    const { media } = await this.#rejoined.promise;
    return media.kind;
  }

  /** Resolves once audio can be received: ICE and DTLS are up. @throws {Failure} */
  async waitUntilReceiving(timeoutMs: number): Promise<void> {
    await within(this.#receiving.promise, timeoutMs, 'media:nothing-offered');
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#connection.close();
    this.#reception.close();
    this.#receiving.reject(new Failure('closed'));
  }

  #openedOrThrow(): OpenedConnection {
    if (!this.#opened) throw new Error('Not entered');
    return this.#opened;
  }

  #createSocket(url: string | null, auth: HandshakeAuth): SignalingSocket {
    const { origin, path } = socketAddress(url ?? this.#options.origin);
    this.#socket = io(origin, {
      path,
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      autoConnect: false,
      auth,
    });
    return this.#socket;
  }

  #subscribe(signaling: SignalingClient): void {
    signaling.on('media:restart', ({ withinMs }) => this.#reception.restart(withinMs));
    signaling.on('consumer:created', (consumer, ack) => {
      this.#reception.addConsumer(consumer);
      ack?.();
    });
    signaling.on('consumer:closed', ({ consumerId }) => this.#reception.removeConsumer(consumerId));
  }

  #handleState(state: RoomConnectionState): void {
    if (state.kind === 'joined') this.#handleJoined(state);
    else if (state.kind === 'closed') this.#fail(state.error ? failureOf(state.error) : new Failure(reasonOf(state)));
  }

  #handleJoined(opened: OpenedConnection): void {
    const isFirst = this.#opened === null;
    const { welcome } = opened;
    this.#opened = opened;
    this.#policy.handleJoined();
    this.#reception.handleOffer(welcome.media);
    this.#rejoined?.resolve(welcome);
    this.#rejoined = null;
    if (!isFirst) this.#handlers.onFollowed?.(welcome.media.kind);
  }

  #handleMediaFailed(failure: Failure): void {
    // Media that fails because its connection is over is no news: the loss was told, or the next connection is sought.
    if (!this.#connection.opened) return;
    if (NOT_CONNECTED.has(failure.reason) && this.#connection.leaveNode()) this.#record.mediaFailed += 1;
    else if (this.#options.follows) this.#cut();
    else this.#fail(failure);
  }

  /** Cuts the connection without a goodbye: the server learns of it as of a cable that was pulled. */
  #cut(): void {
    this.#socket?.io.engine.close();
  }

  #fail(failure: Failure): void {
    this.#receiving.reject(failure);
    this.#rejoined?.reject(failure);
    this.#rejoined = null;
    if (this.#closed || this.#lost) return;
    this.#lost = true;
    // A person who never was inside fails in `enter()`.
    if (this.#opened) this.#handlers.onLost?.(failure);
  }
}

function failureOf(error: unknown): Failure {
  return Failure.from(error instanceof ApiError ? 'ticket' : 'socket', error);
}

/** The reason for which a connection ended; one that was simply lost is `socket:lost`. */
function reasonOf({ reason }: Extract<RoomConnectionState, { kind: 'closed' }>): string {
  return `socket:${reason === 'UNAVAILABLE' ? 'lost' : reason}`;
}
