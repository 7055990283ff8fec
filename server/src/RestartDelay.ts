/** A process that lived less than this is not started again at once: something is wrong with the machine or the program. */
const EARLY_DEATH_MS = 2000;
const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 10_000;

/** How long to wait before a process that ended is started again: not at all, or longer each time where it ends early again and again. */
export class RestartDelay {
  #earlyDeaths = 0;

  /** @param livedMs how long the process ran; 0 where it could not be started */
  next(livedMs: number): number {
    if (livedMs >= EARLY_DEATH_MS) {
      this.#earlyDeaths = 0;
      return 0;
    }
    return Math.min(FIRST_DELAY_MS * 2 ** this.#earlyDeaths++, MAX_DELAY_MS);
  }
}
