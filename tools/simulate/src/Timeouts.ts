const COMPACT_AFTER = 4096;

/** Things that end in the order in which they were added, since all of them last equally long. */
export class Timeouts<T> {
  readonly #durationMs: number;
  #entries: { readonly item: T; readonly endMs: number }[] = [];
  #next = 0;

  constructor(durationMs: number) {
    this.#durationMs = durationMs;
  }

  add(item: T, nowMs: number): void {
    this.#entries.push({ item, endMs: nowMs + this.#durationMs });
  }

  /** @returns the next that has ended by now; undefined when none has */
  take(nowMs: number): T | undefined {
    const entry = this.#entries[this.#next];
    if (!entry || entry.endMs > nowMs) return undefined;
    this.#next += 1;
    if (this.#next === COMPACT_AFTER) {
      this.#entries = this.#entries.slice(this.#next);
      this.#next = 0;
    }
    return entry.item;
  }
}
