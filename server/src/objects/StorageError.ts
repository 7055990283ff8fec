import { AppError } from '../errors.ts';
import type { ErrorCode } from '@tribune/shared/errors.ts';

/**
 * - `STORAGE_FULL`: the disk, or the quota of the bucket, is full. Told to the host; writing on makes no sense before something is deleted.
 * - `NOT_FOUND`: there is no such object.
 * - `RANGE`: the range begins past the end of the object.
 * - `INVALID_KEY`: a fault of the caller.
 * - `UNAVAILABLE`: the storage is away or refuses us; trying again may help.
 * - `TIMEOUT`: the call took longer than its deadline; trying again may help.
 * - `ABORTED`: the caller's signal.
 */
export type StorageFault =
  'STORAGE_FULL' | 'NOT_FOUND' | 'RANGE' | 'INVALID_KEY' | 'UNAVAILABLE' | 'TIMEOUT' | 'ABORTED';

const CODE: Partial<Record<StorageFault, ErrorCode>> = { NOT_FOUND: 'NOT_FOUND', INVALID_KEY: 'INVALID_PAYLOAD' };

/** A failure of an object store. */
export class StorageError extends AppError {
  readonly reason: StorageFault;

  constructor(reason: StorageFault, message: string, options?: ErrorOptions) {
    super(CODE[reason] ?? 'UNAVAILABLE', message, options);
    this.reason = reason;
  }
}
