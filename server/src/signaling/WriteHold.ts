import type { Socket } from 'node:net';

/** What is waited for is there after a few ms, unless a worker hangs. */
const LIMIT_MS = 250;

/**
 * Holds back what is written to a connection for a moment, so that it leaves in one packet: of all that a join takes, writing to
 * sockets is dearest.
 */
export class WriteHold {
  readonly #sockets = new WeakMap<object, Socket>();
  readonly #limits = new WeakMap<object, NodeJS.Timeout>();

  /** @param socket the TCP connection beneath a connection of Engine.IO */
  add(connection: object, socket: Socket): void {
    this.#sockets.set(connection, socket);
  }

  /** Until `release()`, or for a quarter of a second. */
  hold(connection: object): void {
    if (this.#limits.has(connection)) return;
    this.#sockets.get(connection)?.cork();
    this.#limits.set(
      connection,
      setTimeout(() => this.release(connection), LIMIT_MS),
    );
  }

  /** Idempotent. */
  release(connection: object): void {
    const limit = this.#limits.get(connection);
    if (!limit) return;
    clearTimeout(limit);
    this.#limits.delete(connection);
    this.#sockets.get(connection)?.uncork();
  }
}
