import type { RoomConnection } from '@tribune/shared/RoomConnection.ts';
import { SignalingError } from '@tribune/shared/SignalingClient.ts';

/** A socket can look open for many seconds after its network has gone; an answer takes a round trip. */
const ANSWER_WITHIN_MS = 2500;
/** The browser says that there is no network, and is nearly always right. */
const OFFLINE_ANSWER_WITHIN_MS = 700;
/** A page that was hidden for so long may have slept through the loss of its network. */
const LONG_HIDDEN_MS = 20_000;

interface ProbeOptions {
  readonly connection: RoomConnection;
  /** Asks the server for anything; whether an answer comes tells whether the connection is alive. */
  readonly ask: () => Promise<unknown>;
}

/**
 * Tells the connection what the browser knows of the network and of the page's life, and finds out in less time than the socket would
 * need whether the network is gone.
 */
export class LivenessProbe {
  readonly #connection: RoomConnection;
  readonly #ask: () => Promise<unknown>;
  readonly #stop = new AbortController();
  #hiddenAt = 0;
  #probing = false;

  constructor({ connection, ask }: ProbeOptions) {
    this.#connection = connection;
    this.#ask = ask;
  }

  start(): void {
    const { signal } = this.#stop;
    window.addEventListener('online', () => this.#handleOnline(), { signal });
    window.addEventListener('offline', () => void this.probe(), { signal });
    // The page goes away, perhaps for good, and may come back out of the browser's cache.
    window.addEventListener('pagehide', () => this.#connection.suspend(), { signal });
    window.addEventListener('pageshow', ({ persisted }) => persisted && this.#handleOnline(), { signal });
    document.addEventListener('visibilitychange', () => this.#handleVisibility(), { signal });
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Something hints that the network is gone: drops the connection unless the server answers soon. */
  async probe(): Promise<void> {
    const { opened } = this.#connection;
    if (!opened || this.#probing) return;
    this.#probing = true;
    const answered = await isAnswered(this.#ask());
    this.#probing = false;
    if (!answered && this.#connection.opened === opened) this.#connection.drop();
  }

  #handleOnline(): void {
    if (this.#connection.opened) void this.probe();
    else this.#connection.retryNow();
  }

  #handleVisibility(): void {
    if (document.visibilityState === 'hidden') this.#hiddenAt = performance.now();
    else if (performance.now() - this.#hiddenAt > LONG_HIDDEN_MS) void this.probe();
  }
}

/** A refusal is an answer too; silence, and a socket that is down, are none. */
async function isAnswered(answer: Promise<unknown>): Promise<boolean> {
  const withinMs = navigator.onLine ? ANSWER_WITHIN_MS : OFFLINE_ANSWER_WITHIN_MS;
  const silence = new Promise<boolean>((resolve) => setTimeout(resolve, withinMs, false));
  const answered = answer.then(
    () => true,
    (error: unknown) => error instanceof SignalingError && error.code !== 'UNAVAILABLE',
  );
  return Promise.race([answered, silence]);
}
