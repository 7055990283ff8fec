import type { RtpCapabilities } from 'mediasoup/types';
import { ApiError, BroadcastError, QueuedError, type ApiClient } from './ApiClient.ts';
import { PROTOCOL_VERSION } from './domain.ts';
import type { CloseReason, ErrorCode } from './errors.ts';
import type { QueuePlace, TicketResponse, Welcome } from './protocol.ts';
import { ReconnectPolicy, type RetryPolicy } from './ReconnectPolicy.ts';
import type { HandshakeAuth } from './schemas.ts';
import { SignalingClient, SignalingError, type Disconnection, type SignalingSocket } from './SignalingClient.ts';

/** A connection that held for so long was good: the next loss starts with the first delay again. */
const STABLE_MS = 5000;
/** A server that closes has answers on their way, such as that to whoever ended the room; then it closes the socket itself. */
const LAST_ANSWERS_MS = 1000;

/** A code of refusal that no retry mends, a reason that the server gave, or the client's own choice. */
export type ClosedReason = CloseReason | ErrorCode | 'left';

/** What one open connection to a node consists of. */
export interface OpenedConnection {
  readonly signaling: SignalingClient;
  readonly ticket: TicketResponse;
  readonly welcome: Welcome;
  /** When its ticket was asked for, or that of the first attempt to enter, in the terms of `performance.now()`. */
  readonly askedAt: number;
}

/**
 * - `connecting`: on the way in, for the first time; what the last attempt was refused with, null before one was.
 * - `queued`: every node is full; asks again by itself until it is this client's turn.
 * - `broadcast`: the room is heard over HTTP, and asks for nothing until `seekPlace()`.
 * - `joined`: in the room.
 * - `moving`: the room, or this client, changes nodes; requests wait for the next node, and what is heard goes on.
 * - `resuming`: was in the room, has lost the connection, and tries to come back.
 * - `closed`: over for good.
 */
export type RoomConnectionState =
  | { readonly kind: 'connecting'; readonly refused: Disconnection | ErrorCode | null }
  | ({ readonly kind: 'queued' } & QueuePlace)
  | { readonly kind: 'broadcast' }
  | ({ readonly kind: 'joined' } & OpenedConnection)
  | { readonly kind: 'moving' }
  | { readonly kind: 'resuming'; readonly attempt: number }
  /** `error` is what the last attempt failed with, where it was an attempt that failed. */
  | { readonly kind: 'closed'; readonly reason: ClosedReason; readonly error: unknown };

export interface RoomConnectionOptions {
  /** With the session's token set. */
  readonly api: Pick<ApiClient, 'createTicket'>;
  readonly roomId: string;
  /** Makes a socket that connects only when told, and never again by itself. @param url null is where the ticket came from. */
  readonly createSocket: (url: string | null, auth: HandshakeAuth) => SignalingSocket;
  /** Called with each ticket before its socket is made; returns what this client can receive. */
  readonly prepare: (ticket: TicketResponse) => RtpCapabilities | Promise<RtpCapabilities>;
  /** The transports that this client has, to receive and to send; the server compares them with its own. Default: none. */
  readonly transportIds?: () => readonly string[];
  /** Called with each new socket before it connects, to attach listeners before the first notification can come. */
  readonly subscribe?: (signaling: SignalingClient) => void;
  /** Called with every new state. */
  readonly onState?: (state: RoomConnectionState) => void;
  readonly policy?: RetryPolicy;
  /** Does this client hear the room over HTTP while it has no connection, or may it yet? Then nothing but the room's end stops it. */
  readonly hearsOverHttp?: () => boolean;
  /** The same client coming back resumes, another client of the same person replaces. Default: a random one. */
  readonly instanceId?: string;
}

/** What ends a wait before its time. */
type Interruption = 'lost' | 'moved' | 'retry' | 'suspend' | 'closed';

/**
 * One client's connection to one room: ticket (with the queue), socket, welcome, and what follows a loss, until it is closed.
 * There is a single loop, which opens a connection, waits for its end, pauses, and begins again. Everything else only ends the
 * wait of the moment, so two attempts can never run side by side, in whatever order a welcome and a close arrive.
 */
export class RoomConnection {
  readonly #options: RoomConnectionOptions;
  readonly #policy: RetryPolicy;
  readonly #instanceId: string;
  readonly #entered = Promise.withResolvers<OpenedConnection>();
  #state: RoomConnectionState = { kind: 'connecting', refused: null };
  #started = false;
  /** The wait of the moment: for an attempt, for the end of a connection, or between two attempts. */
  #wait = new AbortController();
  #suspended = false;
  /** Skips the next pause. */
  #hurries = false;
  /** Attempts that failed since the connection was last good. */
  #failures = 0;
  #joinedBefore = false;
  /** Also in a broadcast. */
  #wantsPlace = false;
  #firstAskedAt: number | null = null;
  /** Socket of the attempt in flight. */
  #opening: SignalingClient | null = null;
  /** Node that the next ticket should not name: it did not answer, or it passes no media. */
  #avoided: string | null = null;
  readonly #leftNodes = new Set<string>();
  /** Stays open until the next connection is: a node that gives a room away finishes what it was asked. */
  #previous: SignalingClient | null = null;
  #lastAnswers: ReturnType<typeof setTimeout> | undefined;
  #moving: PromiseWithResolvers<OpenedConnection | null> | null = null;

  constructor(options: RoomConnectionOptions) {
    this.#options = options;
    this.#policy = options.policy ?? new ReconnectPolicy();
    this.#instanceId = options.instanceId ?? createInstanceId();
    // Whoever follows the state has no need of this promise.
    this.#entered.promise.catch(() => {});
  }

  get state(): RoomConnectionState {
    return this.#state;
  }

  /** The open connection, or null. */
  get opened(): OpenedConnection | null {
    return this.#state.kind === 'joined' ? this.#state : null;
  }

  /**
   * Enters the room, and stays there until `close()`, or until the server or the policy ends it. Resolves with the first welcome.
   * @throws {ApiError | SignalingError} when the room cannot be entered: the error of the last attempt.
   */
  async join(): Promise<OpenedConnection> {
    if (!this.#started && !this.#isClosed) {
      this.#started = true;
      this.#run().catch((error: unknown) => this.#end('INTERNAL', error));
    }
    return this.#entered.promise;
  }

  /** As `SignalingClient.request`; while the client moves, the request waits for the next node. @throws {SignalingError} */
  readonly request: SignalingClient['request'] = async (...args) => {
    const opened = this.opened ?? (await this.#moving?.promise);
    if (!opened) throw new SignalingError({ code: 'UNAVAILABLE', message: 'Not connected' });
    return opened.signaling.request(...args);
  };

  /** The network is back, so no pause is worth waiting for. Changes nothing while the connection is open. */
  retryNow(): void {
    if (this.opened) return;
    this.#failures = 0;
    this.#suspended = false;
    this.#hurries = true;
    this.#wait.abort('retry' satisfies Interruption);
  }

  /** Hearing over HTTP is not enough, since someone wants to speak: asks for a place at once, and from now on. */
  seekPlace(): void {
    if (this.#wantsPlace) return;
    this.#wantsPlace = true;
    if (this.#state.kind === 'broadcast') this.retryNow();
  }

  /** Hearing is enough again. In a broadcast the place over WebRTC is given back. */
  giveUpPlace(): void {
    this.#wantsPlace = false;
    if (this.opened) this.#wait.abort('moved' satisfies Interruption);
  }

  /** The room has ended, as is known from elsewhere: to ask for a ticket would say the same. */
  handleEnded(): void {
    this.#end('ROOM_ENDED');
  }

  /** The socket looks open and is not: the connection counts as lost. */
  drop(): void {
    if (this.opened) this.#wait.abort('lost' satisfies Interruption);
  }

  /** Lets go of what is open and tries nothing before `retryNow()`: the page is put away, perhaps for good. */
  suspend(): void {
    this.#suspended = true;
    this.#wait.abort('suspend' satisfies Interruption);
  }

  /**
   * Goes to another node, because this one passes no media. Each node is left once.
   * @returns false when this node cannot be left: it was left before, or its ticket names no other than the one it came from.
   */
  leaveNode(): boolean {
    const url = this.opened?.ticket.url ?? null;
    if (url === null || this.#leftNodes.has(url)) return false;
    this.#leftNodes.add(url);
    this.#avoided = url;
    this.#wait.abort('moved' satisfies Interruption);
    return true;
  }

  /** Ends for good. */
  close(): void {
    this.#end('left');
    clearTimeout(this.#lastAnswers);
    this.#previous?.close();
  }

  get #hearsOverHttp(): boolean {
    return this.#options.hearsOverHttp?.() ?? false;
  }

  get #isClosed(): boolean {
    return this.#state.kind === 'closed';
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      this.#hurries = false;
      const pauseMs = await this.#openAndStay();
      if (!this.#hurries) await this.#pause(pauseMs);
      while (this.#suspended) await this.#pause(null);
    }
  }

  /** One round: an attempt and, when it succeeds, the life of the connection. Returns the pause before the next round. */
  async #openAndStay(): Promise<number | null> {
    this.#wait = new AbortController();
    const { signal } = this.#wait;
    signal.addEventListener('abort', () => this.#opening?.close());
    try {
      return await this.#stay(await orAborted(signal, this.#open(signal)), signal);
    } catch (error) {
      if (signal.aborted) return 0;
      return this.#handleLoss(this.#opening?.closeReason ?? codeOf(error), error);
    } finally {
      this.#opening = null;
    }
  }

  async #open(signal: AbortSignal): Promise<OpenedConnection> {
    const { api, roomId, prepare, subscribe, createSocket } = this.#options;
    const now = performance.now();
    // Someone who is told at the entrance to come back in a moment waits for that moment too.
    this.#firstAskedAt ??= now;
    const askedAt = this.#joinedBefore ? now : this.#firstAskedAt;
    const hears = !this.#wantsPlace && this.#hearsOverHttp ? 'http' : undefined;
    const request = this.#avoided === null ? {} : { avoid: this.#avoided };
    const ticket = await api.createTicket(roomId, request, { hears, signal });
    signal.throwIfAborted();
    const rtpCapabilities = await prepare(ticket);
    signal.throwIfAborted();
    const auth = {
      ...{ ticket: ticket.ticket, protocol: PROTOCOL_VERSION, instanceId: this.#instanceId, rtpCapabilities },
      transportIds: [...(this.#options.transportIds?.() ?? [])],
    };
    const signaling = new SignalingClient(createSocket(ticket.url, auth));
    this.#opening = signaling;
    subscribe?.(signaling);
    // Until it has answered.
    this.#avoided = ticket.url;
    const welcome = await signaling.connect();
    signal.throwIfAborted();
    // Closed in the same breath: the close counts.
    if (!signaling.connected) throw new SignalingError({ code: 'UNAVAILABLE', message: 'Closed with the welcome' });
    this.#avoided = null;
    return { signaling, ticket, welcome, askedAt };
  }

  /** Resolves when the connection is over, with the pause before the next round; the state tells at once. */
  async #stay(opened: OpenedConnection, signal: AbortSignal): Promise<number | null> {
    const joinedAt = performance.now();
    const ended = Promise.withResolvers<number | null>();
    const lose = (cause: Disconnection) => {
      if (this.opened?.signaling !== opened.signaling) return;
      if (performance.now() - joinedAt > STABLE_MS) this.#failures = 0;
      ended.resolve(this.#handleLoss(cause));
    };
    const handleAbort = () => {
      const interruption = signal.reason as Interruption;
      if (interruption === 'lost' || interruption === 'moved') lose(interruption);
      else if (interruption === 'suspend') this.#setState({ kind: 'moving' });
      ended.resolve(0);
      if (interruption !== 'closed') opened.signaling.close();
    };
    this.#opening = null;
    this.#previous?.close();
    this.#previous = opened.signaling;
    this.#joinedBefore = true;
    this.#entered.resolve(opened);
    this.#setState({ kind: 'joined', ...opened });
    // Whoever was told of the state may have ended it already.
    if (signal.aborted) handleAbort();
    else signal.addEventListener('abort', handleAbort);
    opened.signaling.onDisconnect(lose);
    return ended.promise;
  }

  /** Returns the pause before the next attempt, null for one that lasts until it is interrupted, or closes. */
  #handleLoss(cause: Disconnection | ErrorCode, error: unknown = null): number | null {
    if (error instanceof BroadcastError) {
      this.#failures = 0;
      this.#setState({ kind: 'broadcast' });
      // Someone may have begun to seek a place while this was asked for.
      return this.#wantsPlace ? 0 : null;
    }
    const attempt = this.#failures++;
    const retryAfterS = error instanceof ApiError ? error.retryAfterS : null;
    const known = { joinedBefore: this.#joinedBefore, isHeardOverHttp: this.#hearsOverHttp };
    const pauseMs = this.#policy.nextDelayMs({ attempt, cause, retryAfterS, ...known });
    if (pauseMs === null) {
      this.#end(cause === 'lost' ? 'UNAVAILABLE' : cause, error);
      return 0;
    }
    if (this.#joinedBefore) {
      this.#setState(cause === 'moved' ? { kind: 'moving' } : { kind: 'resuming', attempt: attempt + 1 });
    } else if (error instanceof QueuedError) {
      this.#setState({ kind: 'queued', ...error.place });
    } else {
      this.#setState({ kind: 'connecting', refused: cause });
    }
    return pauseMs;
  }

  /** @param pauseMs null is until it is interrupted. */
  async #pause(pauseMs: number | null): Promise<void> {
    if (this.#isClosed) return;
    this.#wait = new AbortController();
    const { signal } = this.#wait;
    await new Promise<void>((resolve) => {
      const timer = pauseMs === null ? undefined : setTimeout(resolve, pauseMs);
      signal.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #end(reason: ClosedReason, error: unknown = null): void {
    if (this.#isClosed) return;
    this.#setState({ kind: 'closed', reason, error });
    this.#suspended = false;
    this.#wait.abort('closed' satisfies Interruption);
    this.#lastAnswers = setTimeout(() => this.#previous?.close(), LAST_ANSWERS_MS);
    const over = new SignalingError({ code: 'UNAVAILABLE', message: `The connection is closed: ${reason}` });
    this.#entered.reject(error instanceof Error ? error : over);
  }

  #setState(state: RoomConnectionState): void {
    this.#state = state;
    if (state.kind === 'moving') {
      this.#moving ??= Promise.withResolvers();
    } else {
      this.#moving?.resolve(this.opened);
      this.#moving = null;
    }
    this.#options.onState?.(state);
  }
}

/**
 * Names this client towards the server. A page keeps it nowhere: a duplicated tab would copy it from `sessionStorage`, and two pages
 * under one name would each believe that they resume. (`crypto.randomUUID` does not exist on pages without TLS.)
 */
function createInstanceId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function codeOf(error: unknown): ErrorCode {
  return error instanceof ApiError || error instanceof SignalingError ? error.code : 'UNAVAILABLE';
}

/** Rejects as soon as `signal` is aborted, though what runs cannot be stopped. */
async function orAborted<T>(signal: AbortSignal, running: Promise<T>): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => aborted.reject(new Error('Interrupted')));
  return Promise.race([running, aborted.promise]);
}
