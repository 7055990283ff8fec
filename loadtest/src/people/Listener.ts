import type { SignalingClient } from '@tribune/shared/SignalingClient.ts';
import { Failure, within } from './failure.ts';
import { Peer, RECEIVING_TIMEOUT_MS, type PeerOptions } from './Peer.ts';
import { FULL, type ListenerKind } from '../hearing/kinds.ts';
import type { StreamCounts } from '../hearing/SequenceTracker.ts';
import { HearingRecord } from '../hearing/HearingRecord.ts';
import type { Quality } from '../hearing/StreamQuality.ts';

const AUDIO_TIMEOUT_MS = 5000;

/**
 * - `idle`: its turn has not come.
 * - `waiting`: connected, in a room that is not live yet.
 * - `joining`: on the way, from the ticket request to the first audio.
 * - `listening`: connected, and has heard something.
 * - `away`: has left and will come back, because the run was asked for such people.
 * - `failed`: never got there, or lost it; `reason` says where.
 * - `closed`: stopped by us before any of that was decided.
 */
export type ListenerState =
  | { readonly kind: 'idle' | 'waiting' | 'joining' | 'listening' | 'away' | 'closed' }
  | { readonly kind: 'failed'; readonly reason: string };

/** Got in and was not lost: those who are away of their own will are. */
export function isIn({ kind }: ListenerState): boolean {
  return kind === 'listening' || kind === 'away';
}

/** One simulated listener, who measures their own way in and what they hear, over one visit or several. */
export class Listener {
  readonly kind: ListenerKind;
  /** Index of the room. */
  readonly room: number;
  readonly #options: PeerOptions;
  #peer: Peer;
  #firstAudio = Promise.withResolvers<void>();
  readonly #live = Promise.withResolvers<void>();
  #state: ListenerState = { kind: 'idle' };
  #askedMs: number | null = null;
  #liveMs = 0;
  #connectedMs: number | null = null;
  #firstAudioMs: number | null = null;
  #lastAudioMs: number | null = null;
  /** What was heard in all visits. */
  readonly #record = new HearingRecord();
  #absentMs = 0;
  #leftMs = 0;

  /** @param options `room` is the index of the room among those of the run */
  constructor(options: PeerOptions & { readonly room?: number }) {
    this.#options = { ...options, record: this.#record };
    this.kind = options.kind ?? FULL;
    this.room = options.room ?? 0;
    this.#peer = this.#createPeer();
    this.#live.promise.catch(() => undefined);
  }

  get state(): ListenerState {
    return this.#state;
  }

  get hasArrived(): boolean {
    return this.#askedMs !== null;
  }

  /** From the ticket request until ICE and DTLS are up; from when the room went live for those who had waited; null before. */
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
    return this.#record.jitterMs;
  }

  /** How often the server asked for media to be built anew. */
  get mediaRestarts(): number {
    return this.#record.mediaRestarts;
  }

  /** How often the server said to come back later. */
  get refusals(): number {
    return this.#record.refusals;
  }

  /** How often a node gave a ticket and passed no media. */
  get mediaFailed(): number {
    return this.#record.mediaFailed;
  }

  /** Time spent away, in ms: from leaving until sound was heard again. */
  get absentMs(): number {
    return this.#absentMs + (this.#leftMs > 0 ? performance.now() - this.#leftMs : 0);
  }

  /** @throws {Error} before the first `join()`. */
  get signaling(): SignalingClient {
    return this.#peer.signaling;
  }

  counts(): StreamCounts {
    return this.#record.counts();
  }

  /** How this listener heard since the last call. */
  takeQuality(): Quality {
    return this.#record.takeQuality();
  }

  /** Never throws: how it went is in `state`. */
  async join(): Promise<void> {
    if (this.#state.kind !== 'idle') return;
    this.#askedMs = performance.now();
    await this.#comeIn();
  }

  /** Says goodbye, to come back. */
  leave(): void {
    if (this.#state.kind !== 'listening') return;
    this.#state = { kind: 'away' };
    this.#leftMs = performance.now();
    this.#peer.close();
    this.#peer = this.#createPeer();
  }

  /** Joins anew after `leave()`. @returns ms to the first audio; null when it failed, which is in `state`. */
  async comeBack(): Promise<number | null> {
    if (this.#state.kind !== 'away') return null;
    const startedMs = performance.now();
    await this.#comeIn();
    if (this.state.kind !== 'listening') return null;
    const nowMs = performance.now();
    this.#absentMs += nowMs - this.#leftMs;
    this.#leftMs = 0;
    return nowMs - startedMs;
  }

  /** The socket is cut and comes back, as on a train. @returns what became of media; null when it failed, which is in `state`. */
  async reconnect(): Promise<'kept' | 'new' | 'none' | null> {
    if (this.#state.kind !== 'listening') return null;
    try {
      return await this.#peer.reconnect();
    } catch (error) {
      this.fail(Failure.from('socket', error).reason);
      return null;
    }
  }

  async #comeIn(): Promise<void> {
    this.#state = { kind: 'joining' };
    try {
      const { media } = await this.#peer.enter();
      if (media.kind === 'none') await this.#waitUntilLive();
      await this.#peer.waitUntilReceiving(RECEIVING_TIMEOUT_MS);
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

  #createPeer(): Peer {
    this.#firstAudio = Promise.withResolvers<void>();
    // Nobody waits for it where the connection did not come about.
    this.#firstAudio.promise.catch(() => undefined);
    const peer: Peer = new Peer(this.#options, {
      onAudio: (arrivalMs) => this.#handleAudio(arrivalMs),
      onLost: (failure) => {
        if (peer === this.#peer) this.fail(failure.reason);
      },
    });
    return peer;
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
    this.#firstAudioMs ??= arrivalMs;
    this.#firstAudio.resolve();
  }
}
