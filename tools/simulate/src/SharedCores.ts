interface Job {
  leftMs: number;
  readonly onDone: (doneMs: number) => void;
}

/** What rounding leaves of a job that is done. */
const NOTHING_MS = 1e-9;

/**
 * The cores of one machine and its processes. Each process does one job after the other, on one core; where more of them
 * have work than there are cores, all are slowed alike, as by a fair scheduler.
 */
export class SharedCores<Process extends string> {
  readonly #cores: number;
  readonly #jobs = new Map<Process, Job[]>();
  readonly #usedMs = new Map<Process, number>();
  #nowMs = 0;

  constructor(cores: number) {
    this.#cores = cores;
  }

  /** CPU time that a process has taken so far. */
  usedMs(process: Process): number {
    return this.#usedMs.get(process) ?? 0;
  }

  /** When the next job ends, unless more come before; `Infinity` where there is none. */
  get nextMs(): number {
    const heads = this.#busy().map(([, [job]]) => job!.leftMs);
    return heads.length === 0 ? Infinity : this.#nowMs + Math.min(...heads) / this.#speed();
  }

  /** Moments must not go back from one call to the next. */
  add(nowMs: number, process: Process, workMs: number, onDone: Job['onDone'] = () => undefined): void {
    this.advance(nowMs);
    const jobs = this.#jobs.get(process);
    const job = { leftMs: Math.max(workMs, NOTHING_MS), onDone };
    if (jobs) jobs.push(job);
    else this.#jobs.set(process, [job]);
  }

  /** Works until then, and tells who asked for what is done; what they ask for next begins at once. */
  advance(toMs: number): void {
    for (let endMs = this.nextMs; endMs <= toMs; endMs = this.nextMs) {
      this.#work(endMs);
      const done = this.#busy().filter(([, [job]]) => job!.leftMs <= NOTHING_MS);
      for (const job of done.map(([, jobs]) => jobs.shift()!)) job.onDone(endMs);
    }
    this.#work(toMs);
  }

  #work(toMs: number): void {
    const doneMs = Math.max(0, toMs - this.#nowMs) * this.#speed();
    for (const [process, [job]] of this.#busy()) {
      job!.leftMs -= doneMs;
      this.#usedMs.set(process, this.usedMs(process) + doneMs);
    }
    this.#nowMs = Math.max(this.#nowMs, toMs);
  }

  #busy(): (readonly [Process, Job[]])[] {
    return [...this.#jobs].filter(([, jobs]) => jobs.length > 0);
  }

  #speed(): number {
    return Math.min(1, this.#cores / Math.max(1, this.#busy().length));
  }
}
