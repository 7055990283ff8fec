import type { RoomSnapshot } from '@tribune/shared/domain.ts';
import type { NotificationName, Notifications, Pulse } from '@tribune/shared/protocol.ts';
import type { SignalingClient } from '@tribune/shared/SignalingClient.ts';
import { Listeners } from '../state/Listeners.ts';
import { isBehind, type RoomStore } from '../state/RoomStore.ts';

type Listener<N extends NotificationName> = (data: Notifications[N], ack?: () => void) => void;

const NAMES = [
  'room:state',
  'room:pulse',
  'hands:changed',
  'self:changed',
  'recording:lost',
  'media:restart',
  'consumer:created',
  'consumer:closed',
  'producer:closed',
] as const satisfies readonly NotificationName[];

interface EventsOptions {
  readonly store: RoomStore;
  readonly request: SignalingClient['request'];
}

/**
 * What the server tells, over however many connections: each notification changes the view first, and then reaches those who listen
 * for it. A view that is known to be out of date is asked for anew.
 */
export class RoomEvents {
  readonly #store: RoomStore;
  readonly #request: SignalingClient['request'];
  readonly #listeners = new Map<NotificationName, Listeners<[data: never, ack?: () => void]>>();
  /** The newest state that a snapshot was asked for. */
  #resyncedSeq = 0;

  constructor({ store, request }: EventsOptions) {
    this.#store = store;
    this.#request = request;
  }

  /** Takes the notifications of one more connection. */
  attach(signaling: SignalingClient): void {
    signaling.on('room:state', (state) => this.#store.reduce({ type: 'state', state }));
    signaling.on('room:pulse', (pulse) => this.#handlePulse(pulse));
    signaling.on('hands:changed', ({ hands }) => this.#store.reduce({ type: 'hands', hands }));
    signaling.on('self:changed', ({ self }) => this.#store.reduce({ type: 'self', self }));
    for (const name of NAMES) {
      signaling.on(name, (data, ack) => this.#listeners.get(name)?.emit(data as never, ack));
    }
  }

  /** Returns a function that stops listening. */
  on<N extends NotificationName>(name: N, listener: Listener<N>): () => void {
    const listeners = this.#listeners.get(name) ?? new Listeners();
    this.#listeners.set(name, listeners);
    return listeners.add(listener);
  }

  /** From this state on, a pulse that knows a newer one asks for a snapshot. */
  handleWelcome({ state }: RoomSnapshot): void {
    this.#resyncedSeq = state.seq;
  }

  /** Asks for everything once more. */
  async resync(): Promise<void> {
    const snapshot = await this.#request('room:snapshot');
    this.#store.reduce({ type: 'snapshot', snapshot });
  }

  close(): void {
    this.#listeners.clear();
  }

  #handlePulse(pulse: Pulse): void {
    const { data } = this.#store.parts;
    if (!data) return;
    this.#store.reduce({ type: 'pulse', pulse });
    if (!isBehind(data, pulse) || pulse.seq <= this.#resyncedSeq) return;
    this.#resyncedSeq = pulse.seq;
    this.resync().catch(() => {
      // The next pulse asks again.
      this.#resyncedSeq = 0;
    });
  }
}
