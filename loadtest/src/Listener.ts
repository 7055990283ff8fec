import { Failure, within } from './failure.ts';
import { MEDIA_TIMEOUT_MS, Peer, type PeerOptions } from './Peer.ts';
import type { StreamCounts } from './SequenceTracker.ts';

/** Media is offered at once, or after a restart that the server asked for meanwhile. */
const JOIN_TIMEOUT_MS = MEDIA_TIMEOUT_MS + 5000;
const AUDIO_TIMEOUT_MS = 5000;

/**
 * - `idle`: its turn has not come.
 * - `joining`: from the ticket request to the first audio.
 * - `listening`: connected, and has heard something.
 * - `failed`: never got there, or lost it; `reason` says where.
 * - `closed`: stopped by us before any of that was decided.
 */
export type ListenerState =
  { readonly kind: 'idle' | 'joining' | 'listening' | 'closed' } | { readonly kind: 'failed'; readonly reason: string };

/** One simulated listener, who measures their own way in and what they hear. */
export class Listener {
  readonly #peer: Peer;
  readonly #firstAudio = Promise.withResolvers<void>();
  #state: ListenerState = { kind: 'idle' };
  #askedMs = 0;
  #joinMs: number | null = null;
  #ttfaMs: number | null = null;
  #lastAudioMs: number | null = null;

  constructor(options: PeerOptions) {
    this.#peer = new Peer(options, {
      onAudio: (arrivalMs) => this.#handleAudio(arrivalMs),
      onLost: (failure) => this.fail(failure.reason),
    });
    // Nobody waits for it where the connection did not come about.
    this.#firstAudio.promise.catch(() => undefined);
  }

  get state(): ListenerState {
    return this.#state;
  }

  /** From the ticket request until ICE and DTLS are up; null before. */
  get joinMs(): number | null {
    return this.#joinMs;
  }

  /** From the ticket request until the first audio packet; null before. */
  get ttfaMs(): number | null {
    return this.#ttfaMs;
  }

  /** `performance.now()` of the newest audio packet; null before the first. */
  get lastAudioMs(): number | null {
    return this.#lastAudioMs;
  }

  get jitterMs(): number {
    return this.#peer.jitterMs;
  }

  /** How often the server asked for media to be built anew. */
  get mediaRestarts(): number {
    return this.#peer.mediaRestarts;
  }

  counts(): StreamCounts {
    return this.#peer.counts();
  }

  /** Never throws: how it went is in `state`. */
  async join(): Promise<void> {
    if (this.#state.kind !== 'idle') return;
    this.#state = { kind: 'joining' };
    this.#askedMs = performance.now();
    try {
      await this.#peer.enter();
      await this.#peer.waitUntilReceiving(JOIN_TIMEOUT_MS);
      this.#joinMs = performance.now() - this.#askedMs;
      await within(this.#firstAudio.promise, AUDIO_TIMEOUT_MS, 'no-audio');
      if (this.#state.kind === 'joining') this.#state = { kind: 'listening' };
    } catch (error) {
      this.fail(Failure.from('socket', error).reason);
    }
  }

  /** Ends this listener as failed, unless something else was decided before. */
  fail(reason: string): void {
    if (this.#state.kind === 'failed' || this.#state.kind === 'closed') return;
    this.#state = { kind: 'failed', reason };
    this.#end();
  }

  /** Leaves; what was measured stays readable. */
  close(): void {
    if (this.#state.kind === 'idle' || this.#state.kind === 'joining') this.#state = { kind: 'closed' };
    this.#end();
  }

  #end(): void {
    this.#peer.close();
    this.#firstAudio.reject(new Failure('closed'));
  }

  #handleAudio(arrivalMs: number): void {
    this.#lastAudioMs = arrivalMs;
    if (this.#ttfaMs !== null) return;
    this.#ttfaMs = arrivalMs - this.#askedMs;
    this.#firstAudio.resolve();
  }
}
