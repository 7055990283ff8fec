/** Three of the packets that a mix sends while nobody speaks are missing: the stream has ended. */
const SILENT_AFTER_MS = 1500;

interface Stream {
  readonly source: unknown;
  /** Later streams have higher numbers. */
  readonly order: number;
  epoch: number;
  /** The highest epoch in which someone has spoken; -1 while nobody has. */
  spokenEpoch: number;
  lastMs: number;
}

/**
 * Which of several streams of one room is heard: that of the highest epoch in which someone has spoken, and until someone has, the
 * one that was heard before. Of two under one epoch, the later one is by the process that replaced the other. A stream that sends
 * nothing for a while loses its place.
 */
export class StreamChoice {
  readonly #streams = new Map<unknown, Stream>();
  #heard: Stream | null = null;
  #order = 0;

  /** How many streams it knows of. */
  get size(): number {
    return this.#streams.size;
  }

  /** A packet of this source has come. @returns whether it is to be heard */
  isHeard(source: unknown, { epoch, speaks, nowMs }: { epoch: number; speaks: boolean; nowMs: number }): boolean {
    const stream = this.#find(source, nowMs);
    if (isSilent(stream, nowMs)) stream.spokenEpoch = -1;
    stream.lastMs = nowMs;
    stream.epoch = epoch;
    if (speaks) stream.spokenEpoch = Math.max(stream.spokenEpoch, epoch);
    if (!this.#heard || isSilent(this.#heard, nowMs)) this.#heard = this.#best(nowMs);
    else if (stream.spokenEpoch >= 0 && compare(stream, this.#heard) > 0) this.#heard = stream;
    return stream === this.#heard;
  }

  /** The source has ended. */
  forget(source: unknown): void {
    if (this.#heard?.source === source) this.#heard = null;
    this.#streams.delete(source);
  }

  #find(source: unknown, nowMs: number): Stream {
    const known = this.#streams.get(source);
    if (known) return known;
    for (const old of this.#streams.values()) if (isSilent(old, nowMs) && old !== this.#heard) this.forget(old.source);
    const stream = { source, order: this.#order++, epoch: -1, spokenEpoch: -1, lastMs: nowMs };
    this.#streams.set(source, stream);
    return stream;
  }

  /** Of those that send: there is one at least, the one that has just sent. */
  #best(nowMs: number): Stream {
    const sending = [...this.#streams.values()].filter((stream) => !isSilent(stream, nowMs));
    return sending.reduce((best, stream) => (compare(stream, best) > 0 ? stream : best));
  }
}

function isSilent({ lastMs }: Stream, nowMs: number): boolean {
  return nowMs - lastMs > SILENT_AFTER_MS;
}

function compare(one: Stream, other: Stream): number {
  return one.spokenEpoch - other.spokenEpoch || one.epoch - other.epoch || one.order - other.order;
}
