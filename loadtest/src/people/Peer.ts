import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, type ApiClient } from '@tribune/shared/ApiClient.ts';
import { PROTOCOL_VERSION } from '@tribune/shared/domain.ts';
import type { MediaInfo, Notifications, TicketResponse, Welcome } from '@tribune/shared/protocol.ts';
import type { HandshakeAuth } from '@tribune/shared/schemas.ts';
import { SignalingClient } from '@tribune/shared/SignalingClient.ts';
import { io, type Socket } from 'socket.io-client';
import { during, Failure, within } from './failure.ts';
import type { Guard } from '../run/guard.ts';
import type { ListenerKind } from './kinds.ts';
import { Reception, type ReceptionHandlers } from '../media/Reception.ts';
import { receivableOf } from '../media/rtpParameters.ts';
import type { StreamCounts } from '../hearing/SequenceTracker.ts';
import { NO_COUNTS, sumCounts } from '../report/stats.ts';
import { mergeQualities, NO_QUALITY, type Quality } from '../hearing/StreamQuality.ts';

/** As long as a server lets a transport try. */
export const MEDIA_TIMEOUT_MS = 10_000;

/** A transport that the server closes goes down before the socket brings the reason: that long its word is waited for. */
export const MEDIA_LOST_GRACE_MS = 1000;

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
}

export interface PeerHandlers {
  /** With every RTP packet, of which a light listener can read the header; `arrivalMs` is of `performance.now()`. */
  onAudio?(arrivalMs: number, packet: Buffer): void;
  /** Of who follows: the connection is another one now; `media` says what became of what was heard. */
  onFollowed?(media: Welcome['media']['kind']): void;
  /** Once, when what was established breaks. Not called after `close()`. */
  onLost?(failure: Failure): void;
}

/** One simulated person's presence in a room, from the ticket to the sound: what listeners and speakers have in common. */
export class Peer {
  readonly #options: PeerOptions;
  readonly #handlers: PeerHandlers;
  readonly #receiving = Promise.withResolvers<void>();
  #signaling: SignalingClient | null = null;
  /** The one that is in use; that of a connection cut on purpose is not. */
  #socket: Socket | null = null;
  #ticket: TicketResponse | null = null;
  #reception: Reception | null = null;
  #past: StreamCounts = NO_COUNTS;
  #pastQuality: Quality = NO_QUALITY;
  #restartTimer: NodeJS.Timeout | null = null;
  #closed = false;
  #lost = false;
  #mediaRestarts = 0;
  #refusals = 0;
  /** Node that the last ticket named, when it did not answer. */
  #unreachable: string | null = null;
  readonly #instanceId = crypto.randomUUID();

  constructor(options: PeerOptions, handlers: PeerHandlers = {}) {
    this.#options = options;
    this.#handlers = handlers;
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

  get jitterMs(): number {
    return this.#reception?.jitterMs ?? 0;
  }

  /** How often the server asked for media to be built anew. */
  get mediaRestarts(): number {
    return this.#mediaRestarts;
  }

  /** How often the server said to come back later. */
  get refusals(): number {
    return this.#refusals;
  }

  counts(): StreamCounts {
    return this.#reception ? sumCounts([this.#past, this.#reception.counts()]) : this.#past;
  }

  /** How everything was heard since the last call. */
  takeQuality(): Quality {
    const taken = mergeQualities([this.#pastQuality, this.#reception?.takeQuality() ?? NO_QUALITY]);
    this.#pastQuality = NO_QUALITY;
    return taken;
  }

  /** Ticket, socket, welcome; media is under way when it returns. @throws {Failure} */
  async enter(): Promise<Welcome> {
    const welcome = await this.#connectSocket();
    if (welcome.media.kind === 'new') this.#begin(welcome.media);
    // A page that is new to the room has nothing that could be kept.
    if (welcome.media.kind === 'kept') throw new Failure('socket:kept');
    return welcome;
  }

  /** The socket is cut and comes back with a new ticket, as a page's does. Says what became of media. @throws {Failure} */
  async reconnect(): Promise<Welcome['media']['kind']> {
    const dropped = this.#socket;
    this.#socket = null;
    // No goodbye: the server learns of it as of a cable that was pulled.
    dropped?.io.engine.close();
    const { media } = await this.#connectSocket();
    if (media.kind === 'new') this.#begin(media);
    if (media.kind === 'none') this.#dropReception();
    if (media.kind === 'kept') this.#reception?.reconcile(media.consumers);
    return media.kind;
  }

  /** Resolves once audio can be received: ICE and DTLS are up. @throws {Failure} */
  async waitUntilReceiving(timeoutMs: number): Promise<void> {
    await within(this.#receiving.promise, timeoutMs, 'media:nothing-offered');
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#restartTimer) clearTimeout(this.#restartTimer);
    this.#signaling?.close();
    this.#reception?.close();
    this.#receiving.reject(new Failure('closed'));
  }

  /** Gets another connection, wherever the next ticket leads. What is heard goes on until there is something else to hear. */
  async #follow(): Promise<void> {
    const startedMs = performance.now();
    for (let attempt = 0; !this.#closed; attempt++) {
      const delayMs = FOLLOW_DELAYS_MS[attempt] ?? FOLLOW_DELAYS_MS.at(-1)!;
      await sleep(delayMs * (attempt < 2 ? 1 : 0.7 + 0.6 * Math.random()));
      try {
        const { media } = await this.#connectSocket();
        if (media.kind === 'new') this.#begin(media, { keepUntilHeard: true });
        if (media.kind === 'kept') this.#reception?.reconcile(media.consumers);
        return this.#handlers.onFollowed?.(media.kind);
      } catch (error) {
        if (performance.now() - startedMs > FOLLOW_FOR_MS) return this.#fail(Failure.from('socket', error));
      }
    }
  }

  async #connectSocket(): Promise<Welcome> {
    const ticket = await during('ticket', async () => this.#createTicket());
    this.#ticket = ticket;
    if (ticket.url !== null) await this.#options.guard(ticket.url);
    this.#assertOpen();
    const signaling = this.#openSocket(ticket);
    this.#unreachable = ticket.url;
    const welcome = await during('socket', async () => signaling.connect());
    this.#unreachable = null;
    this.#assertOpen();
    return welcome;
  }

  /** Who is told to come back later does, as a page would: the wait is part of the way in. */
  async #createTicket(): Promise<TicketResponse> {
    const { api, roomId } = this.#options;
    for (;;) {
      try {
        return await api.createTicket(roomId, this.#unreachable === null ? {} : { avoid: this.#unreachable });
      } catch (error) {
        if (!(error instanceof ApiError) || error.code !== 'RATE_LIMITED' || error.retryAfterS === null) throw error;
        this.#refusals += 1;
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
    signaling.on('media:restart', ({ withinMs }) => this.#restartSoon(withinMs));
    signaling.on('consumer:created', (consumer, ack) => this.#addConsumer(consumer, ack));
    signaling.on('consumer:closed', ({ consumerId }) => this.#reception?.remove(consumerId));
    signaling.onDisconnect((reason) => {
      if (socket !== this.#socket) return;
      const comesBack = reason === 'moved' || (this.#options.follows && ['lost', 'restarting'].includes(reason));
      if (!comesBack) this.#fail(new Failure(`socket:${reason}`));
      else void this.#follow();
    });
    return signaling;
  }

  #begin(info: MediaInfo, { keepUntilHeard = false } = {}): void {
    if (this.#closed) return;
    const before = keepUntilHeard ? this.#reception : null;
    if (before) this.#past = this.counts();
    else this.#dropReception();
    const handlers: ReceptionHandlers = {
      connectTransport: async (transportId, dtlsParameters) =>
        this.signaling.request('transport:connect', { transportId, dtlsParameters }),
      onAudio: (arrivalMs, packet) => {
        before?.close();
        this.#handlers.onAudio?.(arrivalMs, packet);
      },
      onLost: () => this.#handleMediaLost(reception),
    };
    const reception = new Reception(this.#options.name, info, handlers, this.#options.kind);
    this.#reception = reception;
    if (reception.hasStreams) this.#connect(reception);
  }

  #connect(reception: Reception): void {
    const { signaling } = this;
    during('media', async () => reception.connect(MEDIA_TIMEOUT_MS)).then(
      () => reception === this.#reception && this.#receiving.resolve(),
      (failure: Failure) => reception === this.#reception && this.#handleMediaFailure(signaling, failure),
    );
  }

  /** What fails because its connection is over brings nothing new: that has been told, or is followed. */
  #handleMediaFailure(signaling: SignalingClient, failure: Failure): void {
    if (!signaling.connected) return;
    if (this.#options.follows) this.#socket?.io.engine.close();
    else this.#fail(failure);
  }

  #addConsumer(consumer: Notifications['consumer:created'], ack?: () => void): void {
    const reception = this.#reception;
    if (!reception) return;
    const isFirst = !reception.hasStreams;
    reception.add(consumer);
    if (isFirst) this.#connect(reception);
    ack?.();
  }

  /** After the random delay that spares the server a stampede. */
  #restartSoon(withinMs: number): void {
    this.#mediaRestarts += 1;
    this.#dropReception();
    if (this.#restartTimer) clearTimeout(this.#restartTimer);
    this.#restartTimer = setTimeout(() => {
      const { signaling } = this;
      during('media', async () => signaling.request('media:start')).then(
        (info) => this.#begin(info),
        (failure: Failure) => this.#handleMediaFailure(signaling, failure),
      );
    }, Math.random() * withinMs);
  }

  /** What it counted stays counted. */
  #dropReception(): void {
    this.#past = this.counts();
    this.#pastQuality = this.takeQuality();
    this.#reception?.close();
    this.#reception = null;
  }

  #handleMediaLost(reception: Reception): void {
    const timer = setTimeout(() => {
      if (reception !== this.#reception) return;
      // Its socket is about to be missed too, and brings something else to hear.
      if (this.#options.follows) this.#socket?.io.engine.close();
      else this.#fail(new Failure('media:lost'));
    }, MEDIA_LOST_GRACE_MS);
    timer.unref();
  }

  #fail(failure: Failure): void {
    this.#receiving.reject(failure);
    if (this.#closed || this.#lost) return;
    this.#lost = true;
    this.#handlers.onLost?.(failure);
  }
}
