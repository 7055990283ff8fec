import { mkdir, open, rename, rm, stat, readdir } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ObjectStore } from './ObjectStore.ts';
import { StorageError } from './StorageError.ts';
// TEMPORARY
export interface StorageLocation {
  readonly folder: string;
  readonly s3: null;
}
export function openObjects(storage: StorageLocation): ObjectStore {
  const root = storage.folder;
  return {
    async put(key: string, body: Uint8Array) {
      const path = join(root, key);
      await mkdir(dirname(path), { recursive: true });
      const f = await open(`${path}.tmp`, 'w');
      await f.writeFile(body);
      await f.close();
      await rename(`${path}.tmp`, path);
      return { key, bytes: body.length };
    },
    async get(key: string, options?: any) {
      const path = join(root, key);
      const s = await stat(path).catch(() => null);
      if (!s) throw new StorageError('NOT_FOUND', 'no');
      return { bytes: s.size, body: createReadStream(path, options?.range ?? {}) };
    },
    async delete(prefix: string) {
      await rm(join(root, prefix), { recursive: true, force: true });
      return 0;
    },
  } as any;
}
