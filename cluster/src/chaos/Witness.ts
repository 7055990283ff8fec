import { ApiClient } from '@tribune/shared/ApiClient.ts';
import { createGuard } from '../../../loadtest/src/guard.ts';
import type { ListenerKind } from '../../../loadtest/src/hearing/kinds.ts';
import { Peer } from '../../../loadtest/src/people/Peer.ts';

/** They count packets and do not decrypt them: there are many, beside the nodes on the same cores. */
const LIGHT: ListenerKind = { isFull: false, slow: null, seed: 0 };
const ENTER_LIMIT_MS = 20_000;

/** A listener who stays through what happens, as a page does, and keeps the longest time without a packet. */
export class Witness {
  readonly #peer: Peer;
  #lastMs = 0;
  #longestMs = 0;
  #packets = 0;
  /** Set when they could neither stay nor come back. */
  #lost: string | null = null;

  private constructor(api: ApiClient, origin: string, roomId: string, name: string) {
    const guard = createGuard(false);
    this.#peer = new Peer(
      { name, api, origin, roomId, guard, kind: LIGHT, follows: true },
      {
        onAudio: (arrivalMs) => this.#hear(arrivalMs),
        onLost: ({ reason }) => {
          this.#lost = reason;
        },
      },
    );
  }

  /** Comes in, and hears. @throws {Failure} */
  static async enter(origin: string, roomId: string, name: string): Promise<Witness> {
    const api = new ApiClient(origin);
    await api.createSession(name);
    const witness = new Witness(api, origin, roomId, name);
    try {
      await witness.#peer.enter();
      await witness.#peer.waitUntilReceiving(ENTER_LIMIT_MS);
      return witness;
    } catch (error) {
      witness.close();
      throw error;
    }
  }

  /** Origin of the node that they are connected to. */
  get node(): string | null {
    return this.#peer.ticket.url;
  }

  get lost(): string | null {
    return this.#lost;
  }

  /** Heard so far. */
  get packets(): number {
    return this.#packets;
  }

  /** Counts anew from here. */
  begin(): void {
    this.#longestMs = 0;
    this.#lastMs = performance.now();
  }

  /** The longest time without a packet since `begin()`, in ms; the one that has not ended yet included. */
  get gapMs(): number {
    return Math.max(this.#longestMs, performance.now() - this.#lastMs);
  }

  close(): void {
    this.#peer.close();
  }

  #hear(arrivalMs: number): void {
    this.#packets++;
    this.#longestMs = Math.max(this.#longestMs, arrivalMs - this.#lastMs);
    this.#lastMs = Math.max(this.#lastMs, arrivalMs);
  }
}
