import { Failure, within } from './failure.ts';
import { MEDIA_TIMEOUT_MS, Peer, type PeerOptions } from './Peer.ts';
import { FULL, type ListenerKind } from './kinds.ts';
import type { StreamCounts } from './SequenceTracker.ts';
import type { Quality } from './StreamQuality.ts';

/** Media is offered at once, or after a restart that the server asked for meanwhile. */
const JOIN_TIMEOUT_MS = MEDIA_TIMEOUT_MS + 5000;
const AUDIO_TIMEOUT_MS = 5000;

/**
 * - `idle`: its turn has not come.
 * - `waiting`: connected, in a room that is not live yet.
 * - `joining`: on the way, from the ticket request to the first audio.
 * - `listening`: connected, and has heard something.
 * - `failed`: never got there, or lost it; `reason` says where.
 * - `closed`: stopped by us before any of that was decided.
 */
export type ListenerState =
  | { readonly kind: 'idle' | 'waiting' | 'joining' | 'listening' | 'closed' }
  | { readonly kind: 'failed'; readonly reason: string };

/** One simulated listener, who measures their own way in and what they hear. */
export class Listener {
  readonly kind: ListenerKind;
  readonly #peer: Peer;
  readonly #firstAudio = Promise.withResolvers<void>();
  readonly #live = Promise.withResolvers<void>();
  #state: ListenerState = { kind: 'idle' };
  #askedMs: number | null = null;
  #liveMs = 0;
  #connectedMs: number | null = null;
  #firstAudioMs: number | null = null;
  #lastAudioMs: number | null = null;

  constructor(options: PeerOptions) {
    this.kind = options.kind ?? FULL;
    this.#peer = new Peer(options, {
      onAudio: (arrivalMs) => this.#handleAudio(arrivalMs),
      onLost: (failure) => this.fail(failure.reason),
    });
    // Nobody waits for it where the connection did not come about.
    this.#firstAudio.promise.catch(() => undefined);
    this.#live.promise.catch(() => undefined);
  }

  get state(): ListenerState {
    return this.#state;
  }

  get hasArrived(): boolean {
    return this.#askedMs !== null;
  }

  /** From the ticket request until ICE and DTLS are up; from when the room went live for who had waited; null before. */
  get joinMs(): number | null {
    return this.#since(this.#connectedMs);
  }

  /** From the same moment until the first audio packet; null before. */
  get ttfaMs(): number | null {
    return this.#since(this.#firstAudioMs);
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

  /** How this listener heard since the last call. */
  takeQuality(): Quality {
    return this.#peer.takeQuality();
  }

  /** Never throws: how it went is in `state`. */
  async join(): Promise<void> {
    if (this.#state.kind !== 'idle') return;
    this.#state = { kind: 'joining' };
    this.#askedMs = performance.now();
    try {
      const { media } = await this.#peer.enter();
      if (media.kind === 'none') await this.#waitUntilLive();
      await this.#peer.waitUntilReceiving(JOIN_TIMEOUT_MS);
      this.#connectedMs = performance.now();
      await within(this.#firstAudio.promise, AUDIO_TIMEOUT_MS, 'no-audio');
      if (this.#state.kind === 'joining') this.#state = { kind: 'listening' };
    } catch (error) {
      this.fail(Failure.from('socket', error).reason);
    }
  }

  /** @param sinceMs `performance.now()` of when the host was about to go live. */
  goLive(sinceMs: number): void {
    this.#liveMs = sinceMs;
    this.#live.resolve();
  }

  /** Ends this listener as failed, unless something else was decided before. */
  fail(reason: string): void {
    if (this.#state.kind === 'failed' || this.#state.kind === 'closed') return;
    this.#state = { kind: 'failed', reason };
    this.#end();
  }

  /** Leaves; what was measured stays readable. */
  close(): void {
    if (this.#state.kind !== 'listening' && this.#state.kind !== 'failed') this.#state = { kind: 'closed' };
    this.#end();
  }

  #end(): void {
    this.#peer.close();
    this.#firstAudio.reject(new Failure('closed'));
    this.#live.reject(new Failure('closed'));
  }

  async #waitUntilLive(): Promise<void> {
    if (this.#state.kind === 'joining') this.#state = { kind: 'waiting' };
    await this.#live.promise;
    if (this.#state.kind === 'waiting') this.#state = { kind: 'joining' };
  }

  #since(ms: number | null): number | null {
    return ms === null || this.#askedMs === null ? null : ms - Math.max(this.#askedMs, this.#liveMs);
  }

  #handleAudio(arrivalMs: number): void {
    this.#lastAudioMs = arrivalMs;
    if (this.#firstAudioMs !== null) return;
    this.#firstAudioMs = arrivalMs;
    this.#firstAudio.resolve();
  }
}
