import { reconnectDelayMs } from '@tribune/shared/ReconnectPolicy.ts';
import type { LiveSound, LiveSoundOptions } from './LiveSound.ts';
import { STREAM_TYPE } from './mediaSource.ts';
import { MAX_EXCESS_S, PlaybackPace } from './PlaybackPace.ts';

/** So far from the newest sound one begins: a piece comes each second, and may be late. */
const START_BEHIND_END_S = 1.4;
/** What there is comes at once, in several parts; where there is less than this, the first to listen waits for a little more. */
const FIRST_PARTS_MS = 80;
const FIRST_AHEAD_S = 0.9;
const FIRST_WAIT_MS = 700;
const PACE_MS = 100;
/** Kept of what was played, and let go of in larger parts. */
const KEPT_S = 10;
const REMOVED_AT_ONCE_S = 20;
/** Less to play than this, in seconds, is a stall. */
const DRY_S = 0.05;
/** The stream brings something each second: a connection without it is dead. */
const SILENCE_MS = 6000;

/**
 * The low-delay stream of a room: one answer that never ends, appended to a source buffer as it comes. Timestamps in it count from
 * 1970, and stay as they are: `currentTime` is a Unix time.
 */
export class StreamSound implements LiveSound {
  readonly #options: LiveSoundOptions;
  readonly #element: HTMLAudioElement;
  readonly #source: MediaSource;
  readonly #address: string;
  readonly #pace = new PlaybackPace();
  readonly #stop = new AbortController();
  readonly #timer: ReturnType<typeof setInterval>;
  #buffer: SourceBuffer | null = null;
  /** Not appended yet, the oldest first; `reset` begins a new answer. */
  readonly #waiting: (Uint8Array<ArrayBuffer> | 'reset')[] = [];
  #firstSoundAtMs: number | null = null;
  #hasBegun = false;
  #isDry = false;
  #seekMs: number | null = null;
  #rate: number | null = null;

  constructor(Source: typeof MediaSource, options: LiveSoundOptions) {
    this.#options = options;
    const { element } = options;
    this.#element = element;
    this.#source = new Source();
    this.#address = URL.createObjectURL(this.#source);
    const { signal } = this.#stop;
    this.#source.addEventListener('sourceopen', () => this.#handleOpen(), { once: true, signal });
    // Safari wants to know that the sound stays on this device.
    element.disableRemotePlayback = true;
    element.src = this.#address;
    this.#timer = setInterval(() => this.#keepPace(), PACE_MS);
    void this.#fetchForEver();
  }

  get positionMs(): number | null {
    return this.#hasBegun ? this.#element.currentTime * 1000 : null;
  }

  seek(positionMs: number): void {
    this.#seekMs = positionMs;
    this.#handleSound();
  }

  setRate(rate: number | null): void {
    this.#rate = rate;
    this.#element.playbackRate = rate ?? 1;
    this.#pace.handleJump();
  }

  close(): void {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort();
    clearInterval(this.#timer);
    URL.revokeObjectURL(this.#address);
    this.#element.removeAttribute('src');
    this.#element.load();
  }

  get #endS(): number | null {
    const ranges = this.#buffer?.buffered;
    return ranges && ranges.length > 0 ? ranges.end(ranges.length - 1) : null;
  }

  #handleOpen(): void {
    this.#buffer = this.#source.addSourceBuffer(STREAM_TYPE);
    this.#buffer.addEventListener('updateend', () => this.#handleUpdated());
    this.#append();
  }

  /** One answer after the other, for as long as the page wants to hear. */
  async #fetchForEver(): Promise<void> {
    const { signal } = this.#stop;
    let failures = 0;
    while (!signal.aborted) {
      const sinceMs = performance.now();
      const hadSound = await this.#fetchOnce().catch(() => false);
      if (signal.aborted) return;
      failures = hadSound ? 0 : failures + 1;
      // An answer that ends at once is no reason to ask at once.
      const lastedMs = performance.now() - sinceMs;
      await pause(Math.max(reconnectDelayMs(failures, Math.random), 500 - lastedMs), signal);
    }
  }

  /** @returns whether anything came */
  async #fetchOnce(): Promise<boolean> {
    const quiet = new AbortController();
    let timer = setTimeout(() => quiet.abort(), SILENCE_MS);
    let hadSound = false;
    try {
      const signal = AbortSignal.any([this.#stop.signal, quiet.signal]);
      const response = await fetch(`${this.#options.base}stream.mp4`, {
        signal,
        credentials: 'omit',
        cache: 'no-store',
      });
      this.#options.onResponse(response);
      if (!response.ok || !response.body) return false;
      this.#waiting.push('reset');
      const reader = response.body.getReader();
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        hadSound = true;
        clearTimeout(timer);
        timer = setTimeout(() => quiet.abort(), SILENCE_MS);
        this.#waiting.push(part.value);
        this.#append();
      }
    } catch {
      // The next one goes on.
    } finally {
      clearTimeout(timer);
    }
    return hadSound;
  }

  #append(): void {
    const buffer = this.#buffer;
    if (!buffer || buffer.updating || this.#source.readyState !== 'open') return;
    const next = this.#waiting.shift();
    if (next === undefined) return this.#forgetPlayed(buffer);
    if (next === 'reset') {
      // What is left of an answer that broke off in the middle of a box is nothing.
      buffer.abort();
      return this.#append();
    }
    try {
      buffer.appendBuffer(next);
    } catch {
      // It is full, since it is paused for hours: what is played next is new.
      this.#waiting.unshift(next);
      buffer.remove(0, (this.#endS ?? 0) - KEPT_S);
    }
  }

  #handleUpdated(): void {
    this.#handleSound();
    this.#append();
  }

  #handleSound(): void {
    const endS = this.#endS;
    if (endS === null) return;
    this.#options.onSound(endS * 1000);
    if (this.#seekMs !== null && this.#seekMs / 1000 < endS) {
      this.#jump(this.#seekMs / 1000);
      this.#seekMs = null;
    }
    this.#firstSoundAtMs ??= performance.now();
  }

  #begin(): void {
    const { buffered } = this.#buffer!;
    if (this.#firstSoundAtMs === null || this.#seekMs !== null || buffered.length === 0) return;
    const waitedMs = performance.now() - this.#firstSoundAtMs;
    const aheadS = this.#endS! - buffered.start(0);
    if (waitedMs > (aheadS > FIRST_AHEAD_S ? FIRST_PARTS_MS : FIRST_WAIT_MS))
      this.#jump(this.#endS! - START_BEHIND_END_S);
  }

  /** To that second, or to the next one of which there is sound. */
  #jump(toS: number): void {
    const { buffered } = this.#buffer!;
    for (let at = 0; at < buffered.length; at++) {
      if (toS >= buffered.end(at)) continue;
      this.#element.currentTime = Math.max(toS, buffered.start(at));
      this.#hasBegun = true;
      this.#pace.handleJump();
      return;
    }
  }

  #forgetPlayed(buffer: SourceBuffer): void {
    const { buffered } = buffer;
    const untilS = this.#element.currentTime - KEPT_S;
    const isMuch = buffered.length > 0 && untilS - buffered.start(0) > REMOVED_AT_ONCE_S;
    if (this.#hasBegun && isMuch) buffer.remove(0, untilS);
  }

  #keepPace(): void {
    const endS = this.#endS;
    if (!this.#hasBegun && this.#buffer) this.#begin();
    if (!this.#hasBegun || endS === null || this.#element.paused) return;
    const aheadS = endS - this.#element.currentTime;
    if (aheadS - this.#pace.wantedS > MAX_EXCESS_S) return this.#jump(endS - START_BEHIND_END_S);
    if (aheadS < DRY_S) {
      if (!this.#isDry) this.#pace.handleStall();
      this.#isDry = true;
      return;
    }
    this.#isDry = false;
    this.#skipHole();
    if (this.#rate === null) this.#element.playbackRate = this.#pace.next(aheadS, performance.now());
  }

  /** A piece that never came stops the element for ever, though there is sound after it. */
  #skipHole(): void {
    const { buffered } = this.#buffer!;
    const { currentTime } = this.#element;
    for (let at = 0; at < buffered.length; at++) {
      if (currentTime < buffered.start(at)) return this.#jump(buffered.start(at));
      if (currentTime < buffered.end(at) - DRY_S) return;
    }
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
