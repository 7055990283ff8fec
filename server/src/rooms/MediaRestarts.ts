import type { Logger } from '../logger.ts';
import type { RoomMedia } from '../media/RoomMedia.ts';
import type { PeerPlan } from './decide.ts';
import type { Peer } from './Peer.ts';
import type { PeerRegistry } from './PeerRegistry.ts';
import type { RoomObserver } from './RoomObserver.ts';

/** A worker takes about 280 joins a second: a crowd that has to start media at once is spread over this much each. */
const SPREAD_MS_PER_PEER = 4;
const SPREAD_MAX_MS = 2000;
/** Somebody whose media could not be started is asked again after so long. */
const AFTER_FAILURE_MS = 3000;

interface MediaRestartsOptions {
  readonly peers: PeerRegistry;
  readonly media: RoomMedia;
  readonly observer: RoomObserver;
  readonly logger: Logger;
  readonly planOf: (peer: Peer) => PeerPlan;
}

/** Asks pages to start media anew, or for the first time: each once, the stage at once and an audience spread out. */
export class MediaRestarts {
  readonly #options: MediaRestartsOptions;
  /** Peers that are starting media or were asked to. */
  readonly #starting = new WeakSet<Peer>();

  constructor(options: MediaRestartsOptions) {
    this.#options = options;
  }

  /** Asks those who should hear something and do not, or hear the other plane. @param except the one who has just begun to speak */
  askMissing(except?: Peer): void {
    this.#ask([...this.#options.peers.values()].filter((peer) => peer !== except && this.#isMissing(peer)));
  }

  /** Runs what a peer does to start media; nobody asks them meanwhile. */
  async during<T>(peer: Peer, start: () => Promise<T>): Promise<T> {
    this.#starting.add(peer);
    try {
      const started = await start();
      this.#starting.delete(peer);
      // What they should hear may have changed since.
      if (this.#isMissing(peer)) this.#ask([peer]);
      return started;
    } catch (error) {
      // Left alone for a while, in which the page may try again by itself.
      setTimeout(() => this.#starting.delete(peer), AFTER_FAILURE_MS).unref();
      throw error;
    }
  }

  /** A new connection knows nothing of what the one before it was asked. */
  forget(peer: Peer): void {
    this.#starting.delete(peer);
  }

  handleStageLost(): void {
    const { peers, planOf } = this.#options;
    this.#handleLost(
      [...peers.values()].filter((peer) => peer.link && planOf(peer).hears === 'stage' && !peer.media?.reception),
    );
  }

  handleAudienceLost(): void {
    this.#handleLost([...this.#options.peers.values()].filter((peer) => this.#isMissing(peer)));
  }

  /** Does this peer hear what the plan says? */
  receives(peer: Peer): boolean {
    const { hears } = this.#options.planOf(peer);
    const reception = peer.media?.reception;
    if (!reception || reception.silenced) return false;
    return hears === 'unchanged' || reception.plane === hears;
  }

  /**
   * The mix is there for everyone in the audience, also while nobody speaks. On stage, a transport without a voice on it would
   * connect to nothing, and be closed for it.
   */
  hasSoundFor(peer: Peer): boolean {
    const { media, planOf } = this.#options;
    const { hears } = planOf(peer);
    if (hears !== 'stage') return hears === 'audience';
    return media.voices.size > (media.voices.has(peer.userId) ? 1 : 0);
  }

  #isMissing(peer: Peer): boolean {
    if (!peer.link || this.#starting.has(peer)) return false;
    return this.hasSoundFor(peer) && !this.receives(peer);
  }

  /** A worker is gone, and with it what some peers heard. */
  #handleLost(peers: readonly Peer[]): void {
    if (peers.length > 0) this.#options.logger.warn({ peers: peers.length }, 'A router is gone; media starts anew');
    this.#ask(peers);
  }

  #ask(peers: readonly Peer[]): void {
    const { planOf, observer } = this.#options;
    const withinMs = Math.min(peers.length * SPREAD_MS_PER_PEER, SPREAD_MAX_MS);
    for (const peer of peers) {
      this.#starting.add(peer);
      peer.link?.notify('media:restart', { withinMs: planOf(peer).hears === 'stage' ? 0 : withinMs });
      observer.handleMediaRestart();
    }
  }
}
