import { buffer } from 'node:stream/consumers';
import { recordingPrefix } from '../archive/Archive.ts';
import type { ObjectStore } from '../objects/ObjectStore.ts';
import { StorageError } from '../objects/StorageError.ts';
import { mergeSegments } from './mergeSegments.ts';
import { readSegment, type SegmentLayout } from './segment.ts';
import { readSegmentKey } from './storedSegments.ts';

/** Segments that are read at the same time. */
const CONCURRENCY = 16;

interface Known {
  readonly layout: SegmentLayout;
  readonly key: string;
  /** Of a segment that no object has as it is: put together from several. */
  readonly merged: Buffer | null;
}

/**
 * Where the packets of a recording are in its segments: each segment is read once, and its sound is not kept, but for the few that
 * several nodes or processes have stored parts of.
 */
export class SegmentLayouts {
  readonly #objects: Pick<ObjectStore, 'get' | 'list'>;
  readonly #prefix: string;
  readonly #known = new Map<number, Known | null>();
  /** Many ask for the same segment at the same time. */
  readonly #reading = new Map<number, Promise<void>>();

  constructor(objects: Pick<ObjectStore, 'get' | 'list'>, recordingId: string) {
    this.#objects = objects;
    this.#prefix = recordingPrefix(recordingId);
  }

  /** Null where there is no such segment. */
  get(index: number): SegmentLayout | null {
    return this.#known.get(index)?.layout ?? null;
  }

  /** Reads those that have not been read. @throws {StorageError} where the storage is away */
  async read(indices: Iterable<number>): Promise<void> {
    const unknown = [...new Set(indices)].filter((index) => !this.#known.has(index));
    this.#start(unknown.filter((index) => !this.#reading.has(index)));
    await Promise.all(unknown.map(async (index) => this.#reading.get(index)));
  }

  /** Bytes of a segment; both ends are part of it. @throws {StorageError} where the storage is away */
  async readBytes(index: number, range: { readonly start: number; readonly end: number }): Promise<Buffer> {
    const known = this.#known.get(index);
    if (!known) throw new StorageError('NOT_FOUND', 'No such segment');
    if (known.merged) return known.merged.subarray(range.start, range.end + 1);
    return buffer((await this.#objects.get(known.key, { range })).body);
  }

  #start(indices: readonly number[]): void {
    if (indices.length === 0) return;
    const keys = this.#listKeys();
    const readOne = async (index: number, before: Promise<void> | undefined) => {
      try {
        // Each has its turn after one of those before it; where that failed, the storage is away.
        await before;
        this.#known.set(index, await this.#readOne((await keys).get(index) ?? []));
      } finally {
        this.#reading.delete(index);
      }
    };
    const started: Promise<void>[] = [];
    for (const index of indices) {
      const reading = readOne(index, started.at(-CONCURRENCY));
      started.push(reading);
      this.#reading.set(index, reading);
    }
  }

  /** By index, those of the highest epoch first. Those of one epoch always in the same order. */
  async #listKeys(): Promise<ReadonlyMap<number, readonly string[]>> {
    const found: { readonly key: string; readonly index: number; readonly epoch: number }[] = [];
    for await (const { key } of this.#objects.list(this.#prefix)) {
      const segment = readSegmentKey(key);
      if (segment) found.push({ key, ...segment });
    }
    found.sort((a, b) => b.epoch - a.epoch || (a.key < b.key ? -1 : 1));
    return new Map(
      [...Map.groupBy(found, ({ index }) => index)].map(([index, segments]) => [index, segments.map(({ key }) => key)]),
    );
  }

  async #readOne(keys: readonly string[]): Promise<Known | null> {
    const objects: { readonly key: string; readonly bytes: Buffer; readonly layout: SegmentLayout }[] = [];
    for (const key of keys) {
      const bytes = await this.#readObject(key);
      const layout = bytes && readSegment(bytes);
      if (layout) objects.push({ key, bytes, layout });
    }
    const [first, ...others] = objects;
    if (!first) return null;
    const merged = others.length > 0 ? mergeSegments(objects) : null;
    const layout = merged && readSegment(merged);
    return { key: first.key, layout: layout ?? first.layout, merged };
  }

  async #readObject(key: string): Promise<Buffer | null> {
    try {
      return await buffer((await this.#objects.get(key)).body);
    } catch (error) {
      if (error instanceof StorageError && error.reason === 'NOT_FOUND') return null;
      throw error;
    }
  }
}
