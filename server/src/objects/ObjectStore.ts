import type { Readable } from 'node:stream';

/**
 * Names an object: parts of letters, digits, `.`, `_` and `-`, divided by `/`; for example `recordings/ID/1234.m4s`. No part begins
 * with a dot. All objects of a recording are under `recordingPrefix(id)`.
 */
type ObjectKey = string;

export interface ObjectInfo {
  readonly key: ObjectKey;
  readonly bytes: number;
}

export interface StoredObject {
  /** Of the whole object, also where only a range is read. */
  readonly bytes: number;
  /** The object, or the range. Has to be read to its end or destroyed; a fault midway is an `'error'` of this stream. */
  readonly body: Readable;
}

/** Both ends are part of it, as in a `Range` header. */
export interface ByteRange {
  readonly start: number;
  /** The end of the object by default, and at most. */
  readonly end?: number;
}

export interface ObjectOptions {
  /** Gives up; the call throws a `StorageError` with `ABORTED`. */
  readonly signal?: AbortSignal | undefined;
}

export interface PutOptions extends ObjectOptions {
  /** By the object's extension by default. A folder does not keep it: whoever serves an object knows it by its key. */
  readonly contentType?: string;
}

/**
 * Where segments and downloads are kept: a folder, or a bucket of an S3 API. Every call has a deadline of its own, and every failure
 * is a `StorageError` whose `reason` tells what can be done.
 */
export interface ObjectStore {
  /**
   * Writes an object whole or not at all: a reader never sees a part of it. One that exists is replaced. When this resolves, the
   * object survives the end of the process.
   * @throws {StorageError} `STORAGE_FULL` while there is no room for it; `UNAVAILABLE`, `TIMEOUT` or `ABORTED`: it may exist later
   */
  put(key: ObjectKey, body: Uint8Array | AsyncIterable<Uint8Array>, options?: PutOptions): Promise<ObjectInfo>;

  /** @throws {StorageError} `NOT_FOUND`; `RANGE` where the range begins past the end of the object */
  get(key: ObjectKey, options?: ObjectOptions & { readonly range?: ByteRange }): Promise<StoredObject>;

  /** Null where there is no such object. */
  find(key: ObjectKey, options?: ObjectOptions): Promise<ObjectInfo | null>;

  /** All objects whose key begins with the prefix, which ends with `/`. In no order. */
  list(prefix: string, options?: ObjectOptions): AsyncIterable<ObjectInfo>;

  /** Deletes all objects whose key begins with the prefix, which ends with `/`. Succeeds where there are none. @returns how many there were */
  delete(prefix: string, options?: ObjectOptions): Promise<number>;

  /** Does a round trip. @throws {StorageError} */
  check(): Promise<void>;
}
