import { setTimeout as sleep } from 'node:timers/promises';
import { epochMs } from '../clock.ts';
import { FragmentReader } from './FragmentReader.ts';
import { Playback, type PlaybackOptions } from './Playback.ts';

export const HTTP_PLANES = ['stream', 'hls'] as const;
export type HttpPlane = (typeof HTTP_PLANES)[number];

/** What there is at first comes in several parts. */
const FIRST_PARTS_MS = 80;
/** Whoever has heard nothing for so long has failed. */
const FIRST_SOUND_LIMIT_MS = 15_000;
/** After a connection that failed, as a page does: at random, so that not all come back at once. */
const RETRY_MS = { least: 200, spread: 600 };

export interface PlayerResult {
  readonly plane: HttpPlane;
  /** Plays, and has lost no connection that it did not get back. */
  readonly isIn: boolean;
  /** Of what failed last; null where nothing did. */
  readonly failure: string | null;
  readonly firstSoundMs: number | null;
  readonly stalls: number;
  readonly gaps: number;
  readonly reconnects: number;
}

/** A simulated player of a room over HTTP: it reads real fragmented MP4, and keeps a buffer as a player does. */
export abstract class Player {
  readonly plane: HttpPlane;
  protected readonly base: string;
  protected readonly signal: AbortSignal;
  readonly #stop = new AbortController();
  readonly #playback: Playback;
  #firstSoundMs: number | null = null;
  #startedMs = 0;
  #failure: string | null = null;
  #reconnects = 0;
  #isConnected = false;
  #willBegin = false;

  /** @param base `/live/ID/` with its origin */
  constructor(plane: HttpPlane, base: string, options: PlaybackOptions) {
    this.plane = plane;
    this.base = base;
    this.signal = this.#stop.signal;
    this.#playback = new Playback(options);
  }

  /** Resolves once it plays, or has failed to. It goes on until it is closed. */
  async start(): Promise<void> {
    this.#startedMs = performance.now();
    void this.#run();
    while (this.#firstSoundMs === null && performance.now() - this.#startedMs < FIRST_SOUND_LIMIT_MS)
      await sleep(FIRST_PARTS_MS, undefined, { signal: this.signal }).catch(() => undefined);
    if (this.#firstSoundMs === null) this.#failure ??= 'no-sound';
  }

  get result(): PlayerResult {
    const { stalls, gaps } = this.#playback;
    const isIn = this.#firstSoundMs !== null && this.#isConnected;
    return {
      ...{ plane: this.plane, isIn, failure: isIn ? null : this.#failure, firstSoundMs: this.#firstSoundMs },
      ...{ stalls, gaps, reconnects: this.#reconnects },
    };
  }

  /** See `Playback`. */
  get behindS(): number | null {
    return this.#playback.behindS(epochMs());
  }

  get longestSilenceMs(): number {
    return this.#playback.longestSilenceMs(epochMs());
  }

  close(): void {
    this.#stop.abort();
  }

  /** Asks for sound until that fails, or comes to its end. @throws {Error} whose message is a reason */
  protected abstract listen(): Promise<void>;

  protected createReader(): FragmentReader {
    return new FragmentReader();
  }

  protected take(reader: FragmentReader, bytes: Buffer): void {
    this.#isConnected = true;
    for (const fragment of reader.push(bytes)) {
      if (!reader.hasInit) throw new Error('no-init');
      this.#playback.add(fragment, epochMs());
      if (this.#willBegin || !this.#playback.isReady) continue;
      this.#willBegin = true;
      setTimeout(() => this.#begin(), FIRST_PARTS_MS);
    }
  }

  #begin(): void {
    this.#firstSoundMs = performance.now() - this.#startedMs;
    this.#playback.begin(epochMs());
  }

  async #run(): Promise<void> {
    while (!this.signal.aborted) {
      try {
        await this.listen();
        this.#failure = 'ended';
      } catch (error) {
        this.#failure = error instanceof Error ? error.message : String(error);
      }
      if (this.signal.aborted) return;
      if (this.#isConnected) this.#reconnects += 1;
      this.#isConnected = false;
      await sleep(RETRY_MS.least + Math.random() * RETRY_MS.spread);
    }
  }
}
