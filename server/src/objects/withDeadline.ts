import { StorageError } from './StorageError.ts';

/** Of a call without a stream. */
export const DEADLINE_MS = 30_000;
/** A stream is as slow as its source: it gets so many times as much. */
export const STREAM_DEADLINES = 20;

/**
 * Runs one call of a store within a time. The signal that it gets ends with the time, or with the caller's signal; a call that does not
 * heed it, as one of a hung network disk, is left behind.
 *
 * @throws {StorageError} `TIMEOUT` or `ABORTED`, or what the call throws
 */
export async function withDeadline<T>(
  limitMs: number,
  caller: AbortSignal | undefined,
  action: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(new StorageError('TIMEOUT', 'The storage took too long')), limitMs);
  const end = () => limit.abort(new StorageError('ABORTED', 'Given up by the caller'));
  if (caller?.aborted) end();
  caller?.addEventListener('abort', end, { once: true });
  try {
    limit.signal.throwIfAborted();
    const aborted = new Promise<never>((_, reject) => {
      limit.signal.addEventListener('abort', () => reject(limit.signal.reason as StorageError), { once: true });
    });
    return await Promise.race([action(limit.signal), aborted]);
  } finally {
    clearTimeout(timer);
    caller?.removeEventListener('abort', end);
  }
}
