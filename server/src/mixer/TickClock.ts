import { FRAME_MS } from './sound.ts';

/** Timers go by whole milliseconds: a tick that is due within one comes now, since to wait for it is to wake up twice. */
const EARLY_MS = 1;

/** A tick counts as late from here on. */
const LATE_MS = 10;
/** A clock that is further behind than this gives the time up, rather than to make up for it in one go. */
const MAX_CATCH_UP_TICKS = 10;

/** Ticks every 20 ms of the monotonic clock; a late one does not make the next late. */
export class TickClock {
  readonly #run: (nowMs: number, tick: number) => void;
  #nextMs = performance.now();
  #timer: NodeJS.Timeout;
  #ticks = 0;
  #lateTicks = 0;

  /** @param run is called with the time at which the tick was due, so that mixes do not jitter with timers */
  constructor(run: (dueMs: number, tick: number) => void) {
    this.#run = run;
    this.#timer = setTimeout(() => this.#wake(), 0);
  }

  get ticks(): number {
    return this.#ticks;
  }

  get lateTicks(): number {
    return this.#lateTicks;
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #wake(): void {
    const behind = performance.now() - this.#nextMs;
    if (behind > MAX_CATCH_UP_TICKS * FRAME_MS) {
      const given = Math.floor(behind / FRAME_MS);
      this.#nextMs += given * FRAME_MS;
      this.#ticks += given;
      this.#lateTicks += given;
    }
    while (this.#nextMs - EARLY_MS <= performance.now()) {
      if (performance.now() - this.#nextMs >= LATE_MS) this.#lateTicks += 1;
      this.#run(this.#nextMs, this.#ticks);
      this.#ticks += 1;
      this.#nextMs += FRAME_MS;
    }
    this.#timer = setTimeout(() => this.#wake(), Math.max(0, this.#nextMs - performance.now()));
  }
}
