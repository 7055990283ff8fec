/** One core that does one job after the other, in the order in which they come. */
export class Core {
  #freeMs = 0;
  readonly #busyMs: number[] = [];

  /** How long a job that comes now waits. */
  backlogMs(nowMs: number): number {
    return Math.max(0, this.#freeMs - nowMs);
  }

  /**
   * Takes a job in. Moments must not go back from one call to the next.
   * @param speed share of the core that is left for jobs
   * @returns when it is done
   */
  serve(nowMs: number, workMs: number, speed = 1): number {
    const startMs = Math.max(nowMs, this.#freeMs);
    this.#freeMs = startMs + workMs / speed;
    this.#count(startMs, this.#freeMs, speed);
    return this.#freeMs;
  }

  /** Share of the core that jobs took in the second that begins at `second`. */
  utilisation(second: number): number {
    return (this.#busyMs[second] ?? 0) / 1000;
  }

  #count(fromMs: number, toMs: number, speed: number): void {
    let atMs = fromMs;
    while (atMs < toMs) {
      const second = Math.floor(atMs / 1000);
      const endMs = Math.min(toMs, (second + 1) * 1000);
      this.#busyMs[second] = (this.#busyMs[second] ?? 0) + (endMs - atMs) * speed;
      atMs = endMs;
    }
  }
}
