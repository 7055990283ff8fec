const DELAYS_MS = [500, 1000, 2000, 4000, 8000] as const;
const LAST_DELAY_MS = 15_000;

/** One pending repetition of some work, each time later than the time before, until `reset()`. */
export class Backoff {
  readonly #work: () => void;
  #attempt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(work: () => void) {
    this.#work = work;
  }

  /** Plans the work; does nothing while it is planned already. */
  schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#work();
    }, DELAYS_MS[this.#attempt++] ?? LAST_DELAY_MS);
  }

  /** Forgets what is planned, but not how often it was needed. */
  cancel(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Forgets everything: the work has succeeded, or is not wanted any more. */
  reset(): void {
    this.cancel();
    this.#attempt = 0;
  }
}
