import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, type ApiClient } from '@tribune/shared/ApiClient.ts';
import { PROTOCOL_VERSION } from '@tribune/shared/domain.ts';
import type { TicketResponse, Welcome } from '@tribune/shared/protocol.ts';
import type { HandshakeAuth } from '@tribune/shared/schemas.ts';
import { SignalingClient, type Disconnection } from '@tribune/shared/SignalingClient.ts';
import { io, type Socket } from 'socket.io-client';
import { HearingRecord } from '../hearing/HearingRecord.ts';
import { receivableOf } from '../media/rtpParameters.ts';
import type { Guard } from '../run/guard.ts';
import { during, Failure, within } from './failure.ts';
import { FULL, type ListenerKind } from './kinds.ts';
import { PeerReception } from './PeerReception.ts';

/** As long as a server lets a transport try. */
export const MEDIA_TIMEOUT_MS = 10_000;

/** As a page: a node that gave a ticket and passes no media for so long is left for another. */
const NODE_MEDIA_TIMEOUT_MS = 5000;
/** Nodes in a row that may pass no media before that is the listener's own failure. */
const MAX_NODES_WITHOUT_MEDIA = 3;
/** However many nodes have to be tried, and whatever a restart adds that the server asks for meanwhile. */
export const RECEIVING_TIMEOUT_MS = MAX_NODES_WITHOUT_MEDIA * NODE_MEDIA_TIMEOUT_MS + MEDIA_TIMEOUT_MS + 5000;

/** Media of a node that never came up, whatever the layer; a refusal of the server is something else. */
const CONNECTS_NOT = new Set(['ice:timeout', 'ice:failed', 'dtls:timeout', 'dtls:failed']);

/** As a page waits between attempts; the last one again and again. */
const FOLLOW_DELAYS_MS = [0, 300, 1200, 2700, 4800];
const FOLLOW_FOR_MS = 60_000;

/** So that those who were told the same do not come back together. */
const RETRY_AFTER_SPREAD = 0.25;

export interface PeerOptions {
  readonly name: string;
  /** Holds the session of this one person. */
  readonly api: ApiClient;
  /** Where the ticket comes from, and the socket goes unless the ticket says otherwise. */
  readonly origin: string;
  readonly roomId: string;
  readonly guard: Guard;
  /** Comes back when the connection is lost, as a page does, and hears on meanwhile. Default: that ends it, unless the room has moved. */
  readonly follows?: boolean;
  /** Left out, everything is decrypted and checked, over the network as it is. */
  readonly kind?: ListenerKind;
  /** Where everything heard is counted. Default: a record of this peer alone. */
  readonly record?: HearingRecord;
}

export interface PeerHandlers {
  /** With every RTP packet; `arrivalMs` is of `performance.now()`. */
  onAudio?(arrivalMs: number): void;
  /** Of who follows: the connection is another one now; `media` says what became of what was heard. */
  onFollowed?(media: Welcome['media']['kind']): void;
  /** Once, when what was established breaks. Not called after `close()`. */
  onLost?(failure: Failure): void;
}

/** One simulated person's presence in a room, from the ticket to the sound: what listeners and speakers have in common. */
export class Peer {
  readonly #options: PeerOptions;
  readonly #handlers: PeerHandlers;
  readonly #record: HearingRecord;
  readonly #reception: PeerReception;
  readonly #receiving = Promise.withResolvers<void>();
  readonly #instanceId = crypto.randomUUID();
  /** The connection that is in use; one that was cut on purpose is not. */
  #signaling: SignalingClient | null = null;
  #socket: Socket | null = null;
  #ticket: TicketResponse | null = null;
  /** A connection is being sought: its end is the failure of an attempt, and nobody else's matter. */
  #isConnecting = false;
  /** Why the connection in use has ended; null while it has not. */
  #ended: Disconnection | null = null;
  #closed = false;
  #lost = false;
  #nodesWithoutMedia = 0;
  /** Node that the last ticket named, when it did not answer or passed no media. */
  #avoided: string | null = null;

  constructor(options: PeerOptions, handlers: PeerHandlers = {}) {
    this.#options = options;
    this.#handlers = handlers;
    this.#record = options.record ?? new HearingRecord();
    this.#reception = new PeerReception({
      name: options.name,
      kind: options.kind ?? FULL,
      record: this.#record,
      connectTimeoutMs: () => (this.#canGoElsewhere ? NODE_MEDIA_TIMEOUT_MS : MEDIA_TIMEOUT_MS),
      connectTransport: async (transportId, dtlsParameters) =>
        this.signaling.request('transport:connect', { transportId, dtlsParameters }),
      startMedia: async () => this.signaling.request('media:start'),
      onAudio: (arrivalMs) => this.#handlers.onAudio?.(arrivalMs),
      onReceiving: () => this.#handleReceiving(),
      onFailed: (failure) => this.#handleMediaFailed(failure),
    });
    // A speaker alone in a room never waits for sound.
    this.#receiving.promise.catch(() => undefined);
  }

  /** @throws {Error} before `enter()`. */
  get signaling(): SignalingClient {
    if (!this.#signaling) throw new Error('Not entered');
    return this.#signaling;
  }

  /** @throws {Error} before `enter()`. */
  get ticket(): TicketResponse {
    if (!this.#ticket) throw new Error('Not entered');
    return this.#ticket;
  }

  /** Ticket, socket, welcome; media is under way when it returns. @throws {Failure} */
  async enter(): Promise<Welcome> {
    const welcome = await this.#connect();
    // A page that is new to the room has nothing that could be kept.
    if (welcome.media.kind === 'kept') throw new Failure('socket:kept');
    return welcome;
  }

  /** The socket is cut and comes back with a new ticket, as a page's does. Says what became of media. @throws {Failure} */
  async reconnect(): Promise<Welcome['media']['kind']> {
    this.#drop();
    const { media } = await this.#connect();
    return media.kind;
  }

  /** Resolves once audio can be received: ICE and DTLS are up. @throws {Failure} */
  async waitUntilReceiving(timeoutMs: number): Promise<void> {
    await within(this.#receiving.promise, timeoutMs, 'media:nothing-offered');
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#signaling?.close();
    this.#reception.close();
    this.#receiving.reject(new Failure('closed'));
  }

  /** Gets another connection, wherever the next ticket leads. What is heard goes on until there is something else to hear. */
  async #follow(): Promise<void> {
    const startedMs = performance.now();
    for (let attempt = 0; !this.#closed; attempt++) {
      const delayMs = FOLLOW_DELAYS_MS[attempt] ?? FOLLOW_DELAYS_MS.at(-1)!;
      await sleep(delayMs * (attempt < 2 ? 1 : 0.7 + 0.6 * Math.random()));
      try {
        const { media } = await this.#connect();
        return this.#handlers.onFollowed?.(media.kind);
      } catch (error) {
        if (performance.now() - startedMs > FOLLOW_FOR_MS) return this.#fail(Failure.from('socket', error));
      }
    }
  }

  /** One attempt. @throws {Failure} */
  async #connect(): Promise<Welcome> {
    this.#isConnecting = true;
    try {
      const ticket = await during('ticket', async () => this.#createTicket());
      this.#ticket = ticket;
      if (ticket.url !== null) await this.#options.guard(ticket.url);
      this.#assertOpen();
      const signaling = this.#openSocket(ticket);
      this.#avoided = ticket.url;
      const welcome = await during('socket', async () => signaling.connect());
      this.#avoided = null;
      this.#assertOpen();
      if (this.#ended !== null) throw new Failure(`socket:${this.#ended}`);
      this.#reception.handleOffer(welcome.media);
      return welcome;
    } catch (error) {
      if (this.#closed) this.#signaling?.close();
      throw error;
    } finally {
      this.#isConnecting = false;
    }
  }

  async #createTicket(): Promise<TicketResponse> {
    const { api, roomId } = this.#options;
    for (;;) {
      try {
        return await api.createTicket(roomId, this.#avoided === null ? {} : { avoid: this.#avoided });
      } catch (error) {
        if (!(error instanceof ApiError) || error.code !== 'RATE_LIMITED' || error.retryAfterS === null) throw error;
        this.#record.refusals += 1;
        await sleep(error.retryAfterS * 1000 * (1 + RETRY_AFTER_SPREAD * Math.random()));
        this.#assertOpen();
      }
    }
  }

  #assertOpen(): void {
    if (this.#closed) throw new Failure('closed');
  }

  #openSocket({ ticket, url, rtpCapabilities }: TicketResponse): SignalingClient {
    const auth: HandshakeAuth = {
      ticket,
      protocol: PROTOCOL_VERSION,
      instanceId: this.#instanceId,
      rtpCapabilities: receivableOf(rtpCapabilities),
    };
    const socket = io(url ?? this.#options.origin, {
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      autoConnect: false,
      auth,
    });
    const signaling = new SignalingClient(socket);
    this.#signaling = signaling;
    this.#socket = socket;
    this.#ended = null;
    signaling.on('media:restart', ({ withinMs }) => this.#reception.restart(withinMs));
    signaling.on('consumer:created', (consumer, ack) => {
      this.#reception.addConsumer(consumer);
      ack?.();
    });
    signaling.on('consumer:closed', ({ consumerId }) => this.#reception.removeConsumer(consumerId));
    signaling.onDisconnect((reason) => {
      if (socket === this.#socket) this.#handleDisconnected(reason);
    });
    return signaling;
  }

  #handleDisconnected(reason: Disconnection): void {
    this.#ended = reason;
    if (this.#isConnecting || this.#closed) return;
    const comesBack = reason === 'moved' || (this.#options.follows && ['lost', 'restarting'].includes(reason));
    if (comesBack) void this.#follow();
    else this.#fail(new Failure(`socket:${reason}`));
  }

  #handleReceiving(): void {
    this.#nodesWithoutMedia = 0;
    this.#receiving.resolve();
  }

  get #canGoElsewhere(): boolean {
    return typeof this.#ticket?.url === 'string' && this.#nodesWithoutMedia < MAX_NODES_WITHOUT_MEDIA;
  }

  #handleMediaFailed(failure: Failure): void {
    // What fails because its connection is over brings nothing new: that has been told, or is followed.
    if (!this.#signaling?.connected) return;
    if (CONNECTS_NOT.has(failure.reason) && this.#canGoElsewhere) this.#goElsewhere();
    else if (this.#options.follows) this.#socket?.io.engine.close();
    else this.#fail(failure);
  }

  /** Leaves a node that passes no media, and asks for a ticket that leads to another. */
  #goElsewhere(): void {
    this.#nodesWithoutMedia += 1;
    this.#record.mediaFailed += 1;
    this.#avoided = this.ticket.url;
    const { signaling } = this;
    this.#socket = null;
    signaling.close();
    void this.#follow();
  }

  /** Cuts the connection without a goodbye: the server learns of it as of a cable that was pulled. */
  #drop(): void {
    const dropped = this.#socket;
    this.#socket = null;
    dropped?.io.engine.close();
  }

  #fail(failure: Failure): void {
    this.#receiving.reject(failure);
    if (this.#closed || this.#lost) return;
    this.#lost = true;
    this.#handlers.onLost?.(failure);
  }
}
