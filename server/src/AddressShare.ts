/** Of anything, the part that is left for addresses which hold little or nothing of it. */
const RESERVED = 0.2;

/** How much of something one network address may hold. */
export interface ShareRule {
  readonly capacity: number;
  /** The part of the whole that one address gets when nobody else wants any of it; 1 for all. */
  readonly share: number;
  /** So many are granted in any case. */
  readonly atLeast: number;
}

/**
 * May an address that holds so many take one more? What it may hold follows from what is still free: with a share of a half, no
 * more than that (the dynamic threshold of Choudhury and Hahne). An address alone comes to its share of the whole. The last fifth is
 * for addresses that hold less than `atLeast`, so that it takes many of them to fill something. The scripts `roomIndex.lua`,
 * `hands.lua` and `admission.lua` have the same rule.
 */
export function mayHoldOneMore({ capacity, share, atLeast }: ShareRule, held: number, free: number): boolean {
  if (free <= 0) return false;
  if (held < atLeast || share >= 1) return true;
  return free > capacity * RESERVED && held * (1 - share) < free * share;
}

/** Who holds a place, and from which address each of them came. */
export class AddressShare {
  readonly #rule: ShareRule;
  readonly #addressOf = new Map<string, string>();
  readonly #held = new Map<string, number>();

  constructor(rule: ShareRule) {
    this.#rule = rule;
  }

  mayHoldOneMore(address: string, free: number): boolean {
    return mayHoldOneMore(this.#rule, this.#held.get(address) ?? 0, free);
  }

  /** Whoever held a place before holds it from this address now. */
  hold(holder: string, address: string): void {
    this.letGo(holder);
    this.#addressOf.set(holder, address);
    this.#held.set(address, (this.#held.get(address) ?? 0) + 1);
  }

  /** Idempotent. */
  letGo(holder: string): void {
    const address = this.#addressOf.get(holder);
    if (address === undefined) return;
    this.#addressOf.delete(holder);
    const left = (this.#held.get(address) ?? 1) - 1;
    if (left > 0) this.#held.set(address, left);
    else this.#held.delete(address);
  }
}
