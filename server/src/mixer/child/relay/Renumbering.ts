import { MAX_DROPOUT, sequenceStep } from '@tribune/shared/rtp/numbering.ts';

/**
 * One row of sequence numbers out of several streams, one after the other: what was lost of one stays a gap, and where another
 * begins there is none.
 */
export class Renumbering {
  #last: number;
  #source: unknown = null;
  #offset = 0;
  /** How far behind the last packet the stream may still be late: back to where it began, before which the numbers are another's. */
  #reach = 0;

  /** @param first the number of the first packet */
  constructor(first: number) {
    this.#last = (first - 1) & 0xffff;
  }

  /**
   * @param source whatever tells one stream from another
   * @returns null for what was sent before the first packet that came of a stream: its number was used already, and encrypting two
   * packets with one number gives both away (RFC 3711, section 9.1)
   */
  next(source: unknown, sequenceNumber: number): number | null {
    const known = source === this.#source;
    this.#source = source;
    let number = (sequenceNumber + this.#offset) & 0xffff;
    const step = sequenceStep(this.#last, number);
    if (!known || Math.abs(step) > MAX_DROPOUT) {
      number = (this.#last + 1) & 0xffff;
      this.#offset = (number - sequenceNumber) & 0xffff;
      this.#last = number;
      this.#reach = 0;
      return number;
    }
    if (step <= 0) return -step <= this.#reach ? number : null;
    this.#last = number;
    this.#reach = Math.min(this.#reach + step, MAX_DROPOUT);
    return number;
  }
}
