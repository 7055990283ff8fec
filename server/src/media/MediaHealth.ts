import { EventEmitter } from 'node:events';
import type { WebRtcTransport } from 'mediasoup/types';
import type { Logger } from '../logger.ts';

/** From the client's DTLS parameters to a connection: on any network that works it takes a tenth of this. */
const CONNECT_LIMIT_MS = 4000;
const WINDOW_MS = 10_000;
/** People whose media did not connect within the window while nobody's did. One person whose own network is at fault is not enough. */
const FAILED_PEOPLE = 3;
/** Then a few people are let in, to see whether it is better. */
const PAUSE_MS = 30_000;

/** `failing`: nobody should be sent here. `trying`: so few that it does no harm should be. */
export type MediaState = 'good' | 'failing' | 'trying';

/**
 * Whether media gets through to this node. A node behind a firewall that drops its media, or that announces a wrong address, answers
 * everything else: it would give tickets to people who then hear nothing.
 *
 * Whoever wants to can fail to connect, so this is advice on where to send people while there are other nodes, and no more.
 */
export class MediaHealth extends EventEmitter<{ changed: [] }> {
  readonly #logger: Logger;
  /** User id -> when their media last failed to connect, by a clock that nobody sets. */
  readonly #failures = new Map<string, number>();
  #connectedAtMs = -Infinity;
  #failingSinceMs: number | null = null;

  constructor(logger: Logger) {
    super();
    this.#logger = logger.child({ component: 'MediaHealth' });
  }

  get state(): MediaState {
    if (this.#failingSinceMs === null) return 'good';
    return performance.now() - this.#failingSinceMs < PAUSE_MS ? 'failing' : 'trying';
  }

  /** A client has said how it will encrypt: from now on its media has to connect. A transport that is closed sooner tells nothing. */
  expect(transport: Pick<WebRtcTransport, 'observer' | 'dtlsState'>, userId: string): void {
    const timer = setTimeout(() => {
      if (transport.dtlsState !== 'connected') this.#handleFailure(userId);
    }, CONNECT_LIMIT_MS);
    transport.observer.once('close', () => clearTimeout(timer));
    transport.observer.on('dtlsstatechange', (state) => {
      if (state !== 'connected') return;
      clearTimeout(timer);
      this.#handleConnected();
    });
  }

  #handleConnected(): void {
    this.#connectedAtMs = performance.now();
    this.#failures.clear();
    if (this.#failingSinceMs === null) return;
    this.#failingSinceMs = null;
    this.#logger.warn('Media gets through again');
    this.emit('changed');
  }

  #handleFailure(userId: string): void {
    const now = performance.now();
    this.#failures.set(userId, now);
    for (const [id, at] of this.#failures) if (now - at > WINDOW_MS) this.#failures.delete(id);
    if (this.#failures.size < FAILED_PEOPLE || now - this.#connectedAtMs < WINDOW_MS || this.state === 'failing')
      return;
    this.#failingSinceMs = now;
    this.#failures.clear();
    this.#logger.error(
      'Media does not get through: nobody is sent to this node while there is another. Look at MEDIA_ANNOUNCED_ADDRESS and at the firewall of the media ports',
    );
    this.emit('changed');
  }
}
