import { ApiError, QueuedError } from '@tribune/shared/ApiClient.ts';
import type { ErrorCode } from '@tribune/shared/errors.ts';
import { SignalingError, type Disconnection } from '@tribune/shared/SignalingClient.ts';
import type { Connection } from './Connection.ts';
import { watchNetwork } from './network.ts';
import type { ReconnectPolicy } from '@tribune/shared/ReconnectPolicy.ts';
import type { ClosedReason, ConnectionState } from './types.ts';

/** A socket can look open for many seconds after its network has gone; an answer takes a round trip. */
const PROBE_MS = 2500;
/** The browser says that there is no network, and is nearly always right. */
const OFFLINE_PROBE_MS = 700;
/** A connection that held for so long was good: the next loss starts with the first delay again. */
const STABLE_MS = 5000;

interface LinkOptions {
  readonly policy: ReconnectPolicy;
  readonly open: (signal: AbortSignal) => Promise<Connection>;
  /** Asks the server for anything; whether an answer comes tells whether the connection is alive. */
  readonly probe: () => Promise<unknown>;
  /** Called in place of `onState` when a connection is open. */
  readonly onJoined: (connection: Connection) => void;
  readonly onState: (state: ConnectionState) => void;
}

/** Keeps one connection to the room: opens it, notices its loss, opens the next, and stops when that is of no use. */
export class Link {
  readonly #options: LinkOptions;
  #state: ConnectionState = { kind: 'connecting' };
  #connection: Connection | null = null;
  /** The attempt in flight; at most one. */
  #attempting: AbortController | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #joinedBefore = false;
  #joinedAt = 0;
  #probing = false;
  #unwatch: (() => void) | null = null;
  /** Settled with the next connection, or with null when it is certain that it takes longer than a move does. */
  #moving: Promise<Connection | null> | null = null;
  #endMove: (connection: Connection | null) => void = () => {};

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** The open connection, or null. */
  get connection(): Connection | null {
    return this.#connection;
  }

  /** While the room moves to another server, the next connection; null where none is about to come. */
  async afterMove(): Promise<Connection | null> {
    return this.#moving;
  }

  start(): void {
    if (this.#unwatch || this.#state.kind === 'closed') return;
    this.#unwatch = watchNetwork({
      onOnline: () => this.#handleOnline(),
      onDoubt: () => void this.suspect(),
      onHide: () => this.#disconnect(),
      onReturn: () => this.#handleOnline(),
    });
    void this.#attempt();
  }

  /** Ends for good; the first reason counts. */
  close(reason: ClosedReason): void {
    if (this.#state.kind === 'closed') return;
    this.#unwatch?.();
    this.#disconnect();
    this.#setState({ kind: 'closed', reason });
  }

  /** Something hints that the network is gone: finds out, in less time than the socket would need. */
  async suspect(): Promise<void> {
    const connection = this.#connection;
    if (!connection || this.#probing) return;
    this.#probing = true;
    const answered = await isAnswered(this.#options.probe());
    this.#probing = false;
    if (answered || this.#connection !== connection) return;
    this.#disconnect();
    this.#handleLoss('lost');
  }

  async #attempt(): Promise<void> {
    clearTimeout(this.#timer);
    this.#attempting?.abort();
    const attempting = new AbortController();
    this.#attempting = attempting;
    try {
      const connection = await this.#options.open(attempting.signal);
      if (attempting.signal.aborted) return connection.signaling.close();
      this.#attempting = null;
      this.#handleOpen(connection);
    } catch (error) {
      if (attempting.signal.aborted) return;
      this.#attempting = null;
      this.#handleLoss(codeOf(error), error instanceof ApiError ? error.retryAfterS : null);
      if (error instanceof QueuedError && !this.#joinedBefore) this.#setState({ kind: 'queued', ...error.place });
    }
  }

  #handleOpen(connection: Connection): void {
    connection.signaling.onDisconnect((reason) => {
      if (this.#connection !== connection) return;
      this.#connection = null;
      if (Date.now() - this.#joinedAt > STABLE_MS) this.#failures = 0;
      this.#handleLoss(reason);
    });
    this.#connection = connection;
    this.#joinedBefore = true;
    this.#joinedAt = Date.now();
    this.#state = { kind: 'joined' };
    this.#settleMove(connection);
    this.#options.onJoined(connection);
  }

  #handleLoss(cause: Disconnection | ErrorCode, retryAfterS: number | null = null): void {
    if (this.#state.kind === 'closed') return;
    const attempt = this.#failures++;
    const joinedBefore = this.#joinedBefore;
    const delayMs = this.#options.policy.nextDelayMs({ attempt, cause, retryAfterS, joinedBefore });
    if (delayMs === null) return this.close(cause === 'lost' ? 'UNAVAILABLE' : cause);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#attempt(), delayMs);
    // Nobody has to see that the room has changed servers: the sound goes on.
    if (cause === 'moved') {
      this.#moving ??= new Promise((resolve) => {
        this.#endMove = resolve;
      });
      return;
    }
    if (joinedBefore) {
      this.#setState({ kind: 'resuming', cause: navigator.onLine ? 'server' : 'offline', attempt: attempt + 1 });
    }
  }

  /** The network is back, or said to be: no delay is worth waiting for. */
  #handleOnline(): void {
    if (this.#state.kind === 'closed') return;
    if (this.#connection) return void this.suspect();
    this.#failures = 0;
    void this.#attempt();
  }

  /** Lets go of whatever there is, without a word to the outside. */
  #disconnect(): void {
    clearTimeout(this.#timer);
    this.#attempting?.abort();
    this.#attempting = null;
    const connection = this.#connection;
    this.#connection = null;
    connection?.signaling.close();
  }

  #settleMove(connection: Connection | null): void {
    this.#endMove(connection);
    this.#moving = null;
  }

  #setState(state: ConnectionState): void {
    this.#state = state;
    this.#settleMove(null);
    this.#options.onState(state);
  }
}

function codeOf(error: unknown): ErrorCode {
  return error instanceof ApiError || error instanceof SignalingError ? error.code : 'UNAVAILABLE';
}

/** A refusal is an answer too; silence, and a socket that is down, are none. */
async function isAnswered(probe: Promise<unknown>): Promise<boolean> {
  const patienceMs = navigator.onLine ? PROBE_MS : OFFLINE_PROBE_MS;
  const silence = new Promise<boolean>((resolve) => setTimeout(resolve, patienceMs, false));
  const answer = probe.then(
    () => true,
    (error: unknown) => codeOf(error) !== 'UNAVAILABLE',
  );
  return Promise.race([answer, silence]);
}
