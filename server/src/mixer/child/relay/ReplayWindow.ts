const WINDOW_BITS = 64;

/** Which of a sender's last packets have come (RFC 4303, section 3.4.3): each is taken once. */
export class ReplayWindow {
  #highest = -1;
  /** Bit n: the packet n before the highest has come. */
  #seen = 0n;

  /** False for a packet that has come already, and for one so old that nobody can tell. */
  isNew(counter: number): boolean {
    const age = this.#highest - counter;
    if (age < 0) return true;
    return age < WINDOW_BITS && (this.#seen & (1n << BigInt(age))) === 0n;
  }

  /** Call it with what `isNew`, once the packet is known to be genuine. */
  add(counter: number): void {
    const step = counter - this.#highest;
    if (step > 0) {
      this.#seen = step >= WINDOW_BITS ? 1n : BigInt.asUintN(WINDOW_BITS, (this.#seen << BigInt(step)) | 1n);
      this.#highest = counter;
    } else this.#seen |= 1n << BigInt(-step);
  }
}
