import { buffer } from 'node:stream/consumers';
import { recordingPrefix } from '../archive/Archive.ts';
import type { ObjectStore } from '../objects/ObjectStore.ts';
import { StorageError } from '../objects/StorageError.ts';
import { readSegment, segmentName, type SegmentLayout } from './segment.ts';

/** Segments that are read at the same time. */
const CONCURRENCY = 16;

/** Where the packets of a recording are in its segments: each segment is read once, and its sound is not kept. */
export class SegmentLayouts {
  readonly #objects: Pick<ObjectStore, 'get'>;
  readonly #prefix: string;
  readonly #known = new Map<number, SegmentLayout | null>();

  constructor(objects: Pick<ObjectStore, 'get'>, recordingId: string) {
    this.#objects = objects;
    this.#prefix = recordingPrefix(recordingId);
  }

  /** Null where there is no such segment. */
  get(index: number): SegmentLayout | null {
    return this.#known.get(index) ?? null;
  }

  /** Reads those that have not been read. @throws {StorageError} where the storage is away */
  async read(indices: Iterable<number>): Promise<void> {
    const queue = [...new Set(indices)].filter((index) => !this.#known.has(index)).values();
    const readSome = async () => {
      for (const index of queue) this.#known.set(index, await this.#readOne(index));
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, readSome));
  }

  /** Bytes of a segment; both ends are part of it. @throws {StorageError} where the storage is away */
  async readBytes(index: number, range: { readonly start: number; readonly end: number }): Promise<Buffer> {
    return buffer((await this.#objects.get(this.#prefix + segmentName(index), { range })).body);
  }

  async #readOne(index: number): Promise<SegmentLayout | null> {
    try {
      return readSegment(await buffer((await this.#objects.get(this.#prefix + segmentName(index))).body));
    } catch (error) {
      if (error instanceof StorageError && error.reason === 'NOT_FOUND') return null;
      throw error;
    }
  }
}
