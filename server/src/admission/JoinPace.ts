import { mayHoldOneMore, type ShareRule } from '../AddressShare.ts';

/** So many seconds' worth of people may come at once: they do not arrive as evenly as they are let in. */
const BURST_S = 2;
/** Of one address in a second, in any case. */
const AT_LEAST = 3;

interface JoinPaceOptions {
  readonly perS: number;
  /** What one address gets of it. */
  readonly share: number;
  /** What one address gets of it in a second at most. */
  readonly perAddressS: number;
  /** Tells the time in ms, by a clock that nobody sets. */
  readonly now?: () => number;
}

/**
 * The pace at which one node takes people in, so that those inside hear nothing of a crowd at the door. Tickets are given at this pace;
 * here it is held to, whatever became of the tickets. Only whoever gets in counts: a handshake that is refused takes nothing from others.
 */
export class JoinPace {
  readonly #perS: number;
  readonly #rule: ShareRule;
  readonly #perAddressS: number;
  readonly #now: () => number;
  /** Who came within this second, by address. */
  readonly #taken = new Map<string, number>();
  #second = 0;
  #left: number;
  #countedAtMs: number;

  constructor({ perS, share, perAddressS, now = () => performance.now() }: JoinPaceOptions) {
    this.#perS = perS;
    this.#rule = { capacity: perS * BURST_S, share, atLeast: AT_LEAST };
    this.#perAddressS = Math.max(perAddressS, AT_LEAST);
    this.#now = now;
    this.#left = perS * BURST_S;
    this.#countedAtMs = now();
  }

  /** @returns whether another person may come in now from this address, who is counted then */
  take(address: string): boolean {
    this.#refill();
    const taken = this.#taken.get(address) ?? 0;
    if (taken >= this.#perAddressS * BURST_S) return false;
    if (this.#left < 1 || !mayHoldOneMore(this.#rule, taken, this.#left)) return false;
    this.#left -= 1;
    this.#taken.set(address, taken + 1);
    return true;
  }

  /** Somebody who was counted did not get in after all. */
  giveBack(address: string): void {
    this.#left += 1;
    this.#taken.set(address, (this.#taken.get(address) ?? 1) - 1);
  }

  #refill(): void {
    const now = this.#now();
    this.#left = Math.min(this.#left + ((now - this.#countedAtMs) / 1000) * this.#perS, this.#perS * BURST_S);
    this.#countedAtMs = now;
    const second = Math.floor(now / 1000);
    if (second !== this.#second) this.#taken.clear();
    this.#second = second;
  }
}
