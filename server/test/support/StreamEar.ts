import { EventEmitter, once } from 'node:events';
import { FragmentReader, TICKS_PER_S, type SoundFragment } from '@tribune/loadtest/players/FragmentReader.ts';

const LIMIT_MS = 10_000;

/** Reads a stream, and notes when each fragment came. */
export class StreamEar extends EventEmitter<{ fragment: [] }> {
  readonly fragments: (SoundFragment & { readonly atMs: number })[] = [];
  readonly #abort = new AbortController();
  readonly #reader = new FragmentReader();
  response: Response | null = null;
  hasEnded = false;

  static async open(server: { readonly origin: string }, roomId: string): Promise<StreamEar> {
    const ear = new StreamEar();
    ear.response = await fetch(`${server.origin}/live/${roomId}/stream.mp4`, { signal: ear.#abort.signal });
    if (ear.response.ok) void ear.#read(ear.response.body!).catch(() => undefined);
    return ear;
  }

  get hasInit(): boolean {
    return this.#reader.hasInit;
  }

  /** Seconds from the end of what came last to now. */
  get behindS(): number {
    const { startTicks, durationTicks, atMs } = this.fragments.at(-1)!;
    return atMs / 1000 - (startTicks + durationTicks) / TICKS_PER_S;
  }

  get isWhole(): boolean {
    return this.fragments.every(({ startTicks }, n) => {
      const before = this.fragments[n - 1];
      return !before || before.startTicks + before.durationTicks === startTicks;
    });
  }

  async until(fragments: number): Promise<void> {
    const limit = AbortSignal.timeout(LIMIT_MS);
    while (this.fragments.length < fragments) await once(this, 'fragment', { signal: limit });
  }

  close(): void {
    this.#abort.abort();
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    for await (const bytes of body)
      for (const fragment of this.#reader.push(Buffer.from(bytes))) {
        this.fragments.push({ ...fragment, atMs: Date.now() });
        this.emit('fragment');
      }
    this.hasEnded = true;
  }
}
