import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, statfs, type FileHandle } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { addAbortSignal } from 'node:stream';
import { nanoid } from 'nanoid';
import type { ByteRange, ObjectInfo, ObjectOptions, ObjectStore, PutOptions, StoredObject } from './ObjectStore.ts';
import { StorageError } from './StorageError.ts';
import { assertKey, assertPrefix } from './objectKey.ts';
import { DEADLINE_MS, STREAM_DEADLINES, withDeadline } from './withDeadline.ts';

/** Left for the database, for Redis and for logs: a disk that is full to the last byte stops more than recordings. */
const RESERVE_BYTES = 256 * 1024 * 1024;
/** Names of files that are not whole yet. No part of a key begins with a dot. */
const PART_PREFIX = '.part-';
/** A file that is not whole after this belongs to a process that died. */
const PART_LIFE_MS = 3_600_000;
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const MISSING = new Set(['ENOENT', 'ENOTDIR', 'EISDIR']);

export interface FolderStoreOptions {
  readonly folder: string;
  readonly reserveBytes?: number;
  readonly deadlineMs?: number;
}

/**
 * Objects as files of one folder. An object is written beside its place, flushed to the disk, and then renamed: whatever happens, there
 * is all of it or nothing. The folder's own entry is not flushed, so a loss of power can take the last few seconds of objects, whole.
 */
export class FolderStore implements ObjectStore {
  readonly #folder: string;
  readonly #reserveBytes: number;
  readonly #deadlineMs: number;

  constructor({ folder, reserveBytes = RESERVE_BYTES, deadlineMs = DEADLINE_MS }: FolderStoreOptions) {
    this.#folder = folder;
    this.#reserveBytes = reserveBytes;
    this.#deadlineMs = deadlineMs;
  }

  async put(
    key: string,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    { signal }: PutOptions = {},
  ): Promise<ObjectInfo> {
    assertKey(key);
    const limitMs = body instanceof Uint8Array ? this.#deadlineMs : this.#deadlineMs * STREAM_DEADLINES;
    return this.#call(
      signal,
      async (ended) => {
        const path = join(this.#folder, key);
        const part = join(dirname(path), `${PART_PREFIX}${nanoid()}`);
        await mkdir(dirname(path), { recursive: true });
        await this.#assertRoom();
        try {
          const bytes = await writeWhole(part, body, ended);
          ended.throwIfAborted();
          await rename(part, path);
          return { key, bytes };
        } catch (error) {
          await rm(part, { force: true }).catch(() => undefined);
          throw error;
        }
      },
      limitMs,
    );
  }

  async get(
    key: string,
    { range, signal }: ObjectOptions & { readonly range?: ByteRange } = {},
  ): Promise<StoredObject> {
    assertKey(key);
    return this.#call(signal, async (ended) => {
      const file = await open(join(this.#folder, key)).catch(nullIfMissing);
      if (!file) throw new StorageError('NOT_FOUND', 'No such object');
      try {
        ended.throwIfAborted();
        const info = await file.stat();
        if (!info.isFile()) throw new StorageError('NOT_FOUND', 'No such object');
        if (range && range.start >= info.size) throw new StorageError('RANGE', 'The object is shorter');
        // A file that is empty has no range to name.
        const options = range ? { start: range.start, end: range.end ?? Infinity } : {};
        const body = createReadStream('', { ...options, fd: file });
        return { bytes: info.size, body: signal ? addAbortSignal(signal, body) : body };
      } catch (error) {
        await file.close();
        throw error;
      }
    });
  }

  async find(key: string, { signal }: ObjectOptions = {}): Promise<ObjectInfo | null> {
    assertKey(key);
    return this.#call(signal, async () => {
      const info = await stat(join(this.#folder, key)).catch(nullIfMissing);
      return info?.isFile() ? { key, bytes: info.size } : null;
    });
  }

  async *list(prefix: string, { signal }: ObjectOptions = {}): AsyncGenerator<ObjectInfo> {
    assertPrefix(prefix);
    const names = await this.#call(signal, async () => this.#namesIn(join(this.#folder, prefix)));
    for (const key of names) {
      const info = await this.find(key, { signal });
      if (info) yield info;
    }
  }

  async delete(prefix: string, { signal }: ObjectOptions = {}): Promise<number> {
    assertPrefix(prefix);
    return this.#call(signal, async () => {
      const folder = join(this.#folder, prefix);
      const names = await this.#namesIn(folder);
      await rm(folder, { recursive: true, force: true });
      return names.length;
    });
  }

  async check(): Promise<void> {
    await this.#call(undefined, async () => {
      await mkdir(this.#folder, { recursive: true });
      await this.#assertRoom();
      const probe = join(this.#folder, `${PART_PREFIX}${nanoid()}`);
      const file = await open(probe, 'wx');
      await file.close();
      await rm(probe, { force: true });
    });
  }

  /** Deletes what writers that died left behind. */
  async sweep(): Promise<void> {
    await this.#call(undefined, async () => {
      const entries = await readdir(this.#folder, { recursive: true, withFileTypes: true }).catch(nullIfMissing);
      for (const entry of entries ?? []) {
        if (!entry.name.startsWith(PART_PREFIX)) continue;
        const path = join(entry.parentPath, entry.name);
        const info = await stat(path).catch(nullIfMissing);
        if (info && Date.now() - info.mtimeMs > PART_LIFE_MS) await rm(path, { force: true });
      }
    });
  }

  async #namesIn(folder: string): Promise<string[]> {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(nullIfMissing);
    return (entries ?? [])
      .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
      .map((entry) => relative(this.#folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/'));
  }

  async #assertRoom(): Promise<void> {
    const { bavail, bsize } = await statfs(this.#folder);
    if (bavail * bsize < this.#reserveBytes) throw new StorageError('STORAGE_FULL', 'The disk is full');
  }

  async #call<T>(
    signal: AbortSignal | undefined,
    action: (signal: AbortSignal) => Promise<T>,
    limitMs = this.#deadlineMs,
  ): Promise<T> {
    try {
      return await withDeadline(limitMs, signal, action);
    } catch (error) {
      throw toStorageError(error);
    }
  }
}

async function writeWhole(
  path: string,
  body: Uint8Array | AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<number> {
  const file: FileHandle = await open(path, 'wx');
  try {
    let bytes = 0;
    for await (const chunk of body instanceof Uint8Array ? [body] : body) {
      signal.throwIfAborted();
      await file.writeFile(chunk);
      bytes += chunk.length;
    }
    await file.datasync();
    return bytes;
  } finally {
    await file.close();
  }
}

function nullIfMissing(error: unknown): null {
  if (MISSING.has((error as NodeJS.ErrnoException).code ?? '')) return null;
  throw error;
}

function toStorageError(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (FULL.has(code)) return new StorageError('STORAGE_FULL', 'The disk is full', { cause: error });
  return new StorageError('UNAVAILABLE', 'The disk refuses', { cause: error });
}
