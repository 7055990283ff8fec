import { StorageError } from './StorageError.ts';

const LONGEST_KEY = 512;
const PART = /^[\w-][\w.-]*$/;

/** @throws {StorageError} `INVALID_KEY`: a path that leaves its folder, a hidden file, an empty part */
export function assertKey(key: string): void {
  if (key.length > LONGEST_KEY || !key.split('/').every((part) => PART.test(part)))
    throw new StorageError('INVALID_KEY', 'Not the key of an object');
}

/** @throws {StorageError} `INVALID_KEY` */
export function assertPrefix(prefix: string): void {
  if (!prefix.endsWith('/')) throw new StorageError('INVALID_KEY', 'A prefix ends with a slash');
  assertKey(prefix.slice(0, -1));
}
