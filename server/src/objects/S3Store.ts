import { AsyncLocalStorage } from 'node:async_hooks';
import { addAbortSignal, Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { S3mini } from 's3mini';
import type { ByteRange, ObjectInfo, ObjectOptions, ObjectStore, PutOptions, StoredObject } from './ObjectStore.ts';
import { StorageError } from './StorageError.ts';
import { assertKey, assertPrefix } from './objectKey.ts';
import { DEADLINE_MS, STREAM_DEADLINES, withDeadline } from './withDeadline.ts';

/** Of a page of a list, and of what one request may delete. */
const PAGE = 1000;
const FULL_CODES = new Set(['QuotaExceeded', 'XMinioStorageFull', 'InsufficientStorage', 'QuotaExceededException']);
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  m4s: 'audio/mp4',
  mp4: 'audio/mp4',
  m4a: 'audio/mp4',
  ogg: 'audio/ogg',
  mp3: 'audio/mpeg',
  json: 'application/json',
  m3u8: 'application/vnd.apple.mpegurl',
};

export interface S3StoreOptions {
  /** `https://HOST/BUCKET` or `https://BUCKET.HOST`. */
  readonly url: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly deadlineMs?: number;
}

/** Objects in a bucket of an S3 API. The bucket has to exist. */
export class S3Store implements ObjectStore {
  readonly #client: S3mini;
  readonly #deadlineMs: number;
  /** s3mini takes no signal with a call, so its `fetch` looks here for that of the call it is part of. */
  readonly #signals = new AsyncLocalStorage<AbortSignal>();

  constructor({ url, deadlineMs = DEADLINE_MS, ...access }: S3StoreOptions) {
    this.#deadlineMs = deadlineMs;
    this.#client = new S3mini({
      ...access,
      endpoint: url,
      fetch: async (input, init) => {
        const signal = this.#signals.getStore();
        return fetch(input, signal ? { ...init, signal } : init);
      },
    });
  }

  async put(key: string, body: Uint8Array | AsyncIterable<Uint8Array>, options: PutOptions = {}): Promise<ObjectInfo> {
    assertKey(key);
    const { signal, contentType = contentTypeOf(key) } = options;
    const limitMs = body instanceof Uint8Array ? this.#deadlineMs : this.#deadlineMs * STREAM_DEADLINES;
    return this.#call(
      signal,
      async () => {
        let bytes = 0;
        // Parts of a stream are held in memory, one after the other, until each is large enough to be sent.
        const counted = async function* (source: AsyncIterable<Uint8Array>) {
          for await (const chunk of source) {
            bytes += chunk.length;
            yield chunk;
          }
        };
        if (body instanceof Uint8Array) {
          bytes = body.length;
          await this.#client.putAnyObject(key, body, contentType);
        } else {
          const stream = Readable.toWeb(Readable.from(counted(body), { objectMode: false }));
          await this.#client.putAnyObject(key, stream as globalThis.ReadableStream, contentType);
        }
        return { key, bytes };
      },
      limitMs,
    );
  }

  async get(
    key: string,
    { range, signal }: ObjectOptions & { readonly range?: ByteRange } = {},
  ): Promise<StoredObject> {
    assertKey(key);
    return this.#call(signal, async () => {
      const end = range?.end === undefined ? undefined : range.end + 1;
      const response = range
        ? await this.#client.getObjectRaw(key, false, range.start, end)
        : await this.#client.getObjectRaw(key);
      const total = /\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1];
      const bytes = Number(total ?? response.headers.get('content-length'));
      const body = response.body ? Readable.fromWeb(response.body as ReadableStream) : Readable.from([]);
      return { bytes, body: signal ? addAbortSignal(signal, body) : body };
    });
  }

  async find(key: string, { signal }: ObjectOptions = {}): Promise<ObjectInfo | null> {
    assertKey(key);
    return this.#call(signal, async () => {
      if (!(await this.#client.objectExists(key))) return null;
      return { key, bytes: await this.#client.getContentLength(key) };
    });
  }

  async *list(prefix: string, { signal }: ObjectOptions = {}): AsyncGenerator<ObjectInfo> {
    assertPrefix(prefix);
    let next: string | undefined;
    do {
      const token = next;
      const page = await this.#call(signal, async () => this.#client.listObjectsPaged('/', prefix, PAGE, token));
      if (!page) throw new StorageError('UNAVAILABLE', 'There is no such bucket');
      for (const { Key: key, Size: bytes } of page.objects ?? []) yield { key, bytes: Number(bytes) };
      next = page.nextContinuationToken;
    } while (next);
  }

  async delete(prefix: string, options: ObjectOptions = {}): Promise<number> {
    let count = 0;
    let keys: string[] = [];
    const send = async () => {
      const batch = keys;
      keys = [];
      if (batch.length === 0) return;
      const gone = await this.#call(options.signal, async () => this.#client.deleteObjects(batch));
      if (!gone.every(Boolean)) throw new StorageError('UNAVAILABLE', 'Some objects could not be deleted');
      count += batch.length;
    };
    for await (const { key } of this.list(prefix, options)) if (keys.push(key) >= PAGE) await send();
    await send();
    return count;
  }

  async check(): Promise<void> {
    const exists = await this.#call(undefined, async () => this.#client.bucketExists());
    if (!exists) throw new StorageError('UNAVAILABLE', 'There is no such bucket');
  }

  async #call<T>(signal: AbortSignal | undefined, action: () => Promise<T>, limitMs = this.#deadlineMs): Promise<T> {
    try {
      return await withDeadline(limitMs, signal, async (ended) => this.#signals.run(ended, action));
    } catch (error) {
      throw toStorageError(error);
    }
  }
}

function contentTypeOf(key: string): string {
  return CONTENT_TYPES[key.slice(key.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
}

function toStorageError(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const { status, code, cause } = error as { status?: number; code?: string; cause?: unknown };
  // s3mini wraps one failure in another where it adds the key.
  if (status === undefined && cause instanceof Error && 'status' in cause) return toStorageError(cause);
  if (status === 404 && code !== 'NoSuchBucket')
    return new StorageError('NOT_FOUND', 'No such object', { cause: error });
  if (status === 416) return new StorageError('RANGE', 'The object is shorter', { cause: error });
  if (status === 507 || FULL_CODES.has(code ?? ''))
    return new StorageError('STORAGE_FULL', 'The bucket is full', { cause: error });
  return new StorageError('UNAVAILABLE', 'The object storage refuses, or does not answer', { cause: error });
}
