/** A step in the numbering beyond this is a new stream and no loss (RFC 3550, appendix A.1). */
const MAX_DROPOUT = 3000;

/**
 * One row of sequence numbers out of several streams, one after the other: what was lost of one stays a gap, and where another
 * begins there is none.
 */
export class Renumbering {
  #last: number;
  #source: unknown = null;
  #offset = 0;

  /** @param first the number of the first packet */
  constructor(first: number) {
    this.#last = (first - 1) & 0xffff;
  }

  /** @param source whatever tells one stream from another */
  next(source: unknown, sequenceNumber: number): number {
    const known = source === this.#source;
    this.#source = source;
    let number = (sequenceNumber + this.#offset) & 0xffff;
    let step = (number - this.#last) & 0xffff;
    const isLate = step > 0xffff - MAX_DROPOUT || step === 0;
    if (!known || (step > MAX_DROPOUT && !isLate)) {
      number = (this.#last + 1) & 0xffff;
      this.#offset = (number - sequenceNumber) & 0xffff;
      step = 1;
    }
    if (step > 0 && step <= MAX_DROPOUT) this.#last = number;
    return number;
  }
}
