import { EventEmitter } from 'node:events';
import type { Logger } from '../logger.ts';
import type { RoomStore } from '../store/RoomStore.ts';
import type { Peer } from './Peer.ts';
import type { PeerRegistry } from './PeerRegistry.ts';

/** Of the people here, so many are looked for on other nodes each second. */
const LOOKED_FOR_PER_TICK = 200;

interface WhereaboutsOptions {
  readonly roomId: string;
  readonly nodeId: string;
  readonly store: RoomStore;
  readonly peers: PeerRegistry;
  readonly logger: Logger;
}

/** Holds every person of a room to one node: the one on which they came in last. The store knows which. */
export class Whereabouts extends EventEmitter<{
  /** They were on another node before. */
  arrived: [userId: string];
}> {
  readonly #options: WhereaboutsOptions;
  #nextLookedFor = 0;

  constructor(options: WhereaboutsOptions) {
    super();
    this.#options = options;
  }

  /** Somebody has connected: where they were on another node, that one lets go of them. */
  settle(peer: Peer): void {
    const { roomId, nodeId, store, logger } = this.#options;
    const { link } = peer;
    store
      .settle(roomId, peer.userId, nodeId)
      .then((wasElsewhere) => {
        if (peer.link !== link) return;
        peer.isSettled = true;
        if (wasElsewhere) this.emit('arrived', peer.userId);
      })
      // What the store has of them is old, and counts for nothing until it is told.
      .catch((error: unknown) => logger.debug({ err: error }, 'Where a person is could not be noted'));
  }

  /** Looks for a few of the people here each second, since the word that they are elsewhere may be lost. @throws {AppError} UNAVAILABLE */
  async tick(): Promise<void> {
    const connected = [...this.#options.peers.values()].filter(({ link }) => link && !link.isClosing);
    const from = this.#nextLookedFor % Math.max(1, connected.length);
    this.#nextLookedFor = from + LOOKED_FOR_PER_TICK;
    const some = connected.slice(from, from + LOOKED_FOR_PER_TICK);
    for (const peer of some) if (!peer.isSettled) this.settle(peer);
    await this.#replaceMoved(some);
  }

  /** Somebody is said to be elsewhere. That may be late, and they back here since: the store knows. @throws {AppError} UNAVAILABLE */
  async check(userId: string): Promise<void> {
    await this.#replaceMoved([this.#options.peers.get(userId)].filter((peer) => peer !== undefined));
  }

  /**
   * Where somebody is, the store need not remember for longer than they are here. Of a node that dies it does, until the room ends.
   * @throws {AppError} UNAVAILABLE
   */
  async forgetLeft(): Promise<void> {
    const { roomId, nodeId, store, peers } = this.#options;
    const left = peers.takeLeft();
    if (left.length > 0) await store.unsettle(roomId, left, nodeId);
  }

  /** Lets go of those of these people whom another node has now. */
  async #replaceMoved(some: readonly Peer[]): Promise<void> {
    const { roomId, nodeId, store, peers } = this.#options;
    const settled = some.filter(({ isSettled }) => isSettled).map(({ userId }) => userId);
    for (const userId of await store.findWhoMoved(roomId, settled, nodeId)) {
      const peer = peers.get(userId);
      // Those who were sent there keep what they hear until it is replaced.
      if (peer?.isSettled && peer.link && !peer.link.isClosing) peers.drop(peer, 'replaced');
    }
  }
}
