import type { Notifications, NotificationName, RequestInput, RequestName, RequestResult, Welcome } from './protocol.ts';
import { ERROR_CODES, type CloseReason, type ErrorCode, type WireError } from './errors.ts';

const REQUEST_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 10_000;

/** As the events of an emitter are typed: what it is called with is settled by the event's name. */
// oxlint-disable-next-line typescript/no-explicit-any
type Listener = (...args: any[]) => void;

/** The part of a socket.io-client `Socket` that is used; structural, so that this package depends on no transport. */
export interface SignalingSocket {
  readonly connected: boolean;
  connect(): unknown;
  disconnect(): unknown;
  on(event: string, listener: Listener): unknown;
  off(event: string, listener: Listener): unknown;
  timeout(ms: number): { emit(event: string, ...args: unknown[]): unknown };
}

/** A refusal of the server, or the lack of an answer: `UNAVAILABLE` when the socket is down or the answer did not come in time. */
export class SignalingError extends Error {
  readonly code: ErrorCode;

  constructor({ code, message }: WireError) {
    super(message);
    this.name = 'SignalingError';
    this.code = code;
  }
}

/** Why a connection is over: the server's word where it gave one, else `lost`. */
export type Disconnection = CloseReason | 'lost' | 'left';

/**
 * Typed requests and notifications over one socket connection; the same for page, load test and tests. It never reconnects
 * by itself: a reconnection needs a new ticket.
 */
export class SignalingClient {
  readonly #socket: SignalingSocket;
  #closeReason: CloseReason | 'left' | null = null;
  #failConnect: ((error: SignalingError) => void) | null = null;

  constructor(socket: SignalingSocket) {
    this.#socket = socket;
    this.on('closed', ({ reason }) => {
      this.#closeReason = reason;
    });
  }

  /** False as soon as the server has said that it closes: from then on it hears no request. */
  get connected(): boolean {
    return this.#socket.connected && this.#closeReason === null;
  }

  /** Why this connection is over or about to be; null while nobody has said that it is. */
  get closeReason(): CloseReason | 'left' | null {
    return this.#closeReason;
  }

  /**
   * Opens the socket and waits for the welcome.
   * @throws {SignalingError} with the code of the refusal, or `UNAVAILABLE` when the server cannot be reached.
   */
  async connect(): Promise<Welcome> {
    const socket = this.#socket;
    return new Promise<Welcome>((resolve, reject) => {
      const timer = setTimeout(() => fail(unavailable('No answer from the server')), CONNECT_TIMEOUT_MS);
      const settle = () => {
        clearTimeout(timer);
        this.#failConnect = null;
        socket.off('welcome', handleWelcome);
        socket.off('connect_error', handleError);
        socket.off('disconnect', handleDisconnect);
      };
      const fail = (error: SignalingError) => {
        settle();
        socket.disconnect();
        reject(error);
      };
      const handleWelcome = (welcome: Welcome) => {
        settle();
        resolve(welcome);
      };
      const handleError = (error: Error & { data?: unknown }) => {
        fail(isWireError(error.data) ? new SignalingError(error.data) : unavailable(error.message));
      };
      const handleDisconnect = () => fail(new SignalingError(refusalOfClose(this.#closeReason)));
      this.#failConnect = fail;
      socket.on('welcome', handleWelcome);
      socket.on('connect_error', handleError);
      socket.on('disconnect', handleDisconnect);
      socket.connect();
    });
  }

  /** @throws {SignalingError} with the code of the refusal, or `UNAVAILABLE`. */
  async request<N extends RequestName>(name: N, ...[data]: RequestArgs<N>): Promise<RequestResult<N>> {
    if (!this.connected) throw unavailable('Not connected');
    return new Promise((resolve, reject) => {
      this.#socket.timeout(REQUEST_TIMEOUT_MS).emit(name, data ?? {}, (timeout: Error | null, ack: unknown) => {
        if (timeout) reject(unavailable(`No answer to ${name}`));
        else if (isOk(ack)) resolve(ack.data as RequestResult<N>);
        else reject(new SignalingError(refusalOf(ack)));
      });
    });
  }

  /** Returns a function that stops listening. A listener of an acknowledged notification calls the second argument when done. */
  on<N extends NotificationName>(name: N, listener: (data: Notifications[N], ack?: () => void) => void): () => void {
    this.#socket.on(name, listener);
    return () => this.#socket.off(name, listener);
  }

  /** Called once, when the connection is over or the server says that it will be, with the reason that decides whether to come back. */
  onDisconnect(listener: (reason: Disconnection) => void): void {
    let told = false;
    const tell = () => {
      if (told) return;
      told = true;
      listener(this.#closeReason ?? 'lost');
    };
    this.#socket.on('disconnect', tell);
    this.on('closed', tell);
  }

  close(): void {
    this.#closeReason ??= 'left';
    this.#socket.disconnect();
    // A socket that never was connected does not say that it is disconnected.
    this.#failConnect?.(unavailable('Closed while connecting'));
  }
}

type RequestArgs<N extends RequestName> =
  undefined extends RequestInput<N> ? [data?: RequestInput<N>] : [data: RequestInput<N>];

function unavailable(message: string): SignalingError {
  return new SignalingError({ code: 'UNAVAILABLE', message });
}

/** What a close before the welcome means for someone who wanted in. */
function refusalOfClose(reason: CloseReason | 'left' | null): WireError {
  const message = 'The connection was closed before the welcome';
  if (reason === 'banned') return { code: 'BANNED', message };
  if (reason === 'ended') return { code: 'ROOM_ENDED', message };
  return { code: 'UNAVAILABLE', message };
}

function isOk(ack: unknown): ack is { ok: true; data: unknown } {
  return typeof ack === 'object' && ack !== null && 'ok' in ack && ack.ok === true;
}

function isWireError(value: unknown): value is WireError {
  if (typeof value !== 'object' || value === null || !('code' in value)) return false;
  return (ERROR_CODES as readonly unknown[]).includes(value.code);
}

function refusalOf(ack: unknown): WireError {
  if (typeof ack === 'object' && ack !== null && 'error' in ack && isWireError(ack.error)) return ack.error;
  return { code: 'INTERNAL', message: 'The server answered in a way that this client does not know' };
}
