import { FRAME_MS } from './sound.ts';

/** Timers go by whole milliseconds: a tick that is due within one comes now, since to wait for it is to wake up twice. */
const EARLY_MS = 1;
/** A tick counts as late from here on. */
const LATE_MS = 10;
/** A clock that is further behind than this gives the time up, rather than to make up for it in one go. */
const MAX_CATCH_UP_TICKS = 10;
/** It looks so far ahead for something to do: as far as one packet of a mix is long, at most. */
const MAX_IDLE_TICKS = 3;

interface TickClockOptions {
  /** Whether there is something to do in a tick. For a tick without, which is a multiple of 20 ms too, nothing wakes up. */
  readonly isNeeded: (tick: number) => boolean;
  /** @param dueMs the time at which the tick was due, so that mixes do not jitter with timers */
  readonly run: (dueMs: number, tick: number) => void;
}

/** Ticks at multiples of 20 ms of the monotonic clock; a late tick does not make the next late. */
export class TickClock {
  readonly #options: TickClockOptions;
  #nextMs = performance.now();
  #next = 0;
  #timer: NodeJS.Timeout;
  #ticks = 0;
  #lateTicks = 0;

  constructor(options: TickClockOptions) {
    this.#options = options;
    this.#timer = setTimeout(() => this.#wake(), 0);
  }

  /** Of those in which there was something to do. */
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
      for (let given = Math.floor(behind / FRAME_MS); given > 0; given--) {
        if (this.#count()) this.#lateTicks += 1;
        this.#advance();
      }
    }
    while (this.#nextMs - EARLY_MS <= performance.now()) {
      if (this.#count()) {
        if (performance.now() - this.#nextMs >= LATE_MS) this.#lateTicks += 1;
        this.#options.run(this.#nextMs, this.#next);
      }
      this.#advance();
    }
    for (let idle = 1; idle < MAX_IDLE_TICKS && !this.#options.isNeeded(this.#next); idle++) this.#advance();
    this.#timer = setTimeout(() => this.#wake(), Math.max(0, this.#nextMs - performance.now()));
  }

  #count(): boolean {
    const isNeeded = this.#options.isNeeded(this.#next);
    if (isNeeded) this.#ticks += 1;
    return isNeeded;
  }

  #advance(): void {
    this.#next += 1;
    this.#nextMs += FRAME_MS;
  }
}
