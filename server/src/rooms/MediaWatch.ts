import { EventEmitter } from 'node:events';
import type { Logger } from '../logger.ts';
import { FloodGuard } from '../media/FloodGuard.ts';
import type { Reception } from '../media/Reception.ts';
import type { PeerPlan } from './decide.ts';
import type { Peer } from './Peer.ts';
import type { PeerRegistry } from './PeerRegistry.ts';
import type { RoomObserver } from './RoomObserver.ts';

/** For somebody who has left the stage to move over to the mix; then they hear nothing of the stage any more. */
const SWITCH_TIMEOUT_MS = 10_000;

interface MediaWatchOptions {
  readonly peers: PeerRegistry;
  readonly observer: RoomObserver;
  readonly logger: Logger;
  readonly planOf: (peer: Peer) => PeerPlan;
}

/** Looks once a second at what nobody reports: producers that send what no voice does, and people who still hear a stage they left. */
export class MediaWatch extends EventEmitter<{ flood: [Peer] }> {
  readonly #options: MediaWatchOptions;
  readonly #floodGuard = new FloodGuard();
  /** Receptions of the stage whose peers belong to the audience, and since when. */
  readonly #overstayingSince = new WeakMap<Reception, number>();

  constructor(options: MediaWatchOptions) {
    super();
    this.#options = options;
  }

  async tick(): Promise<void> {
    for (const peer of this.#options.peers.values()) {
      this.#endOverstay(peer);
      if (peer.media?.producer) await this.#checkFlood(peer);
    }
  }

  /** Also of those who are muted: the worker takes in every packet, whether it is passed on or not. */
  async #checkFlood(peer: Peer): Promise<void> {
    const producer = peer.media?.producer;
    const reading = producer && (await this.#floodGuard.check(producer).catch(() => null));
    if (!producer || !reading) return;
    if (reading.uplink && !producer.paused) this.#options.observer.handleUplink(reading.uplink);
    if (!reading.flood || producer.closed) return;
    producer.close();
    this.emit('flood', peer);
  }

  #endOverstay(peer: Peer, nowMs = performance.now()): void {
    const reception = peer.media?.reception;
    if (!reception) return;
    const { hears } = this.#options.planOf(peer);
    if (reception.plane === 'audience' || hears === 'stage' || hears === 'unchanged') {
      this.#overstayingSince.delete(reception);
      return;
    }
    const since = this.#overstayingSince.get(reception);
    if (since === undefined) this.#overstayingSince.set(reception, nowMs);
    else if (nowMs - since > SWITCH_TIMEOUT_MS) peer.media?.stopHearing();
  }
}
