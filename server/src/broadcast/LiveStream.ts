import { LiveChunk, type LiveReader, type LiveReaders } from './LiveReaders.ts';

/** Whoever begins gets so many fragments at once: two seconds, of which a player leaves out what it does not need. */
const FIRST_FRAGMENTS = 2;

/** A room as one long response in one format: made once, and written to everyone who listens. */
export class LiveStream {
  readonly #readers: LiveReaders;
  readonly #head: Buffer;
  readonly #here = new Set<LiveReader>();
  #newest: Buffer[] = [];
  #beginning: LiveChunk | null = null;

  /** @param head what a response begins with; may be empty */
  constructor(readers: LiveReaders, head: Buffer) {
    this.#readers = readers;
    this.#head = head;
  }

  get count(): number {
    return this.#here.size;
  }

  add(fragment: Buffer): void {
    this.#newest = [...this.#newest, fragment].slice(-FIRST_FRAGMENTS);
    this.#beginning = null;
    this.#readers.deliver(new LiveChunk(fragment), this.#here);
  }

  join(reader: LiveReader): void {
    this.#beginning ??= new LiveChunk(Buffer.concat([this.#head, ...this.#newest]));
    // The transfer coding ends with an empty chunk.
    if (this.#beginning.bytes.length > 0) reader.write(this.#beginning);
    this.#here.add(reader);
    reader.onClose(() => this.#here.delete(reader));
  }

  /** What was made is no live sound any more. */
  clear(): void {
    this.#newest = [];
    this.#beginning = null;
  }

  end(): void {
    for (const reader of this.#here) reader.end();
    this.#here.clear();
  }
}
