const BEAT_MS = 10;

/**
 * A clock that stands still while this process does, since packets wait meanwhile: on a busy machine, a gap would be as much too long
 * as this process was late.
 */
export class OwnClock {
  readonly #now: () => number;
  #lastBeatMs: number;
  #stalledMs = 0;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#lastBeatMs = now();
    setInterval(() => this.beat(), BEAT_MS).unref();
  }

  /** In ms, from some moment on. */
  now(): number {
    return this.#now() - this.#stalledMs - this.#lateMs();
  }

  /** Called every 10 ms while the process runs. */
  beat(): void {
    this.#stalledMs += this.#lateMs();
    this.#lastBeatMs = this.#now();
  }

  #lateMs(): number {
    return Math.max(0, this.#now() - this.#lastBeatMs - BEAT_MS);
  }
}
