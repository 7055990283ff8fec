const DELAYS_MS = [200, 500, 1000, 2000, 4000, 8000] as const;
const LAST_DELAY_MS = 15_000;
/** What fails for one often fails for all at the same moment. */
const JITTER = 0.5;

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
    if (this.#timer !== undefined) return;
    const delayMs = DELAYS_MS[this.#attempt++] ?? LAST_DELAY_MS;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#work();
      },
      delayMs * (1 + JITTER * (2 * Math.random() - 1)),
    );
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
