/** Nobody's place. */
const NONE = 0;

/** A queue in the order of coming, in which everyone's rank is known at any time, whoever before them has left. */
export class PeopleQueue {
  /** Of each person: the number that they drew when they came, from 1; 0 for those who are not in the queue. */
  readonly #numbers = new Map<number, number>();
  /** A Fenwick tree over the numbers: how many people are in the queue up to each. */
  #tree = new Float64Array(1024);
  #lastNumber = 0;

  get size(): number {
    return this.#numbers.size;
  }

  has(who: number): boolean {
    return this.#numbers.has(who);
  }

  join(who: number): void {
    this.#lastNumber += 1;
    if (this.#lastNumber >= this.#tree.length) this.#grow();
    this.#numbers.set(who, this.#lastNumber);
    this.#add(this.#lastNumber, 1);
  }

  /** @returns whether they were in the queue */
  leave(who: number): boolean {
    const number = this.#numbers.get(who) ?? NONE;
    if (number !== NONE) this.#add(number, -1);
    return this.#numbers.delete(who);
  }

  /** How many people are before this one; everyone for a person who is not in the queue. */
  rankOf(who: number): number {
    const number = this.#numbers.get(who);
    if (number === undefined) return this.size;
    let before = 0;
    for (let at = number - 1; at > 0; at -= at & -at) before += this.#tree[at]!;
    return before;
  }

  #add(number: number, change: 1 | -1): void {
    for (let at = number; at < this.#tree.length; at += at & -at) this.#tree[at]! += change;
  }

  #grow(): void {
    this.#tree = new Float64Array(this.#tree.length * 2);
    for (const number of this.#numbers.values()) this.#add(number, 1);
  }
}
