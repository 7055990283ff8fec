import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createGuard } from '@tribune/loadtest/guard.ts';
import { FULL, type ListenerKind } from '@tribune/loadtest/hearing/kinds.ts';
import { Listener } from '@tribune/loadtest/people/Listener.ts';
import type { StreamCounts } from '@tribune/loadtest/hearing/SequenceTracker.ts';
import { sumCounts } from '@tribune/loadtest/hearing/stats.ts';
import { ApiClient } from '@tribune/shared/ApiClient.ts';
import type { BenchServer } from './BenchServer.ts';

/** Listeners of one room, with real ICE, DTLS and SRTP, whose sessions cost the server nothing. */
export class Audience {
  readonly #server: BenchServer;
  readonly #roomId: string;
  readonly #kind: ListenerKind;
  readonly #guard = createGuard(false);
  readonly #listeners: Listener[] = [];

  constructor(server: BenchServer, roomId: string, kind = FULL) {
    this.#kind = kind;
    this.#server = server;
    this.#roomId = roomId;
  }

  get listeners(): readonly Listener[] {
    return this.#listeners;
  }

  get joinedCount(): number {
    return this.#listeners.filter(({ state }) => state.kind === 'listening').length;
  }

  /** Reasons of those who did not get in, each once. */
  get failures(): readonly string[] {
    const reasons = this.#listeners.map(({ state }) => (state.kind === 'failed' ? state.reason : null));
    return [...new Set(reasons.filter((reason) => reason !== null))];
  }

  /** Evenly spaced, whatever becomes of those before. Resolves once each has heard something or failed. */
  async arrive(count: number, perSecond: number, signal: AbortSignal): Promise<void> {
    const startMs = performance.now();
    const joins: Promise<void>[] = [];
    for (let index = 0; index < count; index++) {
      const waitMs = startMs + (index * 1000) / perSecond - performance.now();
      if (waitMs > 0) await delay(waitMs, undefined, { signal });
      joins.push(this.#join());
    }
    await Promise.all(joins);
    signal.throwIfAborted();
  }

  /** As fast as the server lets them: `inFlight` are on their way in at any time. */
  async press(count: number, inFlight: number, signal: AbortSignal): Promise<void> {
    let left = count;
    const work = async () => {
      while (left-- > 0 && !signal.aborted) await this.#join();
    };
    await Promise.all(Array.from({ length: inFlight }, work));
    signal.throwIfAborted();
  }

  counts(): StreamCounts {
    return sumCounts(this.#listeners.map((listener) => listener.counts()));
  }

  close(): void {
    for (const listener of this.#listeners) listener.close();
  }

  async #join(): Promise<void> {
    const { origin, tokens } = this.#server;
    const name = `Listener ${this.#listeners.length + 1}`;
    const api = new ApiClient(origin, tokens.signSession({ userId: randomUUID(), name }));
    const listener = new Listener({ name, api, origin, roomId: this.#roomId, guard: this.#guard, kind: this.#kind });
    this.#listeners.push(listener);
    await listener.join();
  }
}
