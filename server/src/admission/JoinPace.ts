/** So many seconds' worth of people may come at once: they do not arrive as evenly as they are let in. */
const BURST_S = 2;

/**
 * The pace at which one node takes people in, so that those inside hear nothing of a crowd at the door. Tickets are given at this pace;
 * here it is held to, whatever became of the tickets. Only whoever gets in counts: a handshake that is refused takes nothing from others.
 */
export class JoinPace {
  readonly #perS: number;
  readonly #now: () => number;
  #left: number;
  #countedAtMs: number;

  /** @param now tells the time in ms, by a clock that nobody sets */
  constructor(perS: number, now = () => performance.now()) {
    this.#perS = perS;
    this.#now = now;
    this.#left = perS * BURST_S;
    this.#countedAtMs = now();
  }

  /** @returns whether another person may come in now, who is counted then */
  take(): boolean {
    this.#refill();
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }

  /** Somebody who was counted did not get in after all. */
  giveBack(): void {
    this.#left += 1;
  }

  #refill(): void {
    const now = this.#now();
    this.#left = Math.min(this.#left + ((now - this.#countedAtMs) / 1000) * this.#perS, this.#perS * BURST_S);
    this.#countedAtMs = now;
  }
}
