import { FolderStore } from './FolderStore.ts';
import type { ObjectStore } from './ObjectStore.ts';
import { S3Store, type S3StoreOptions } from './S3Store.ts';

/** Where objects are, as plain data: a process of its own can be told it. It has the secret of the bucket, so no log may have it. */
export interface StorageLocation {
  readonly folder: string;
  /** Null: in the folder. */
  readonly s3: S3StoreOptions | null;
}

export function openObjects({ folder, s3 }: StorageLocation): ObjectStore {
  return s3 ? new S3Store(s3) : new FolderStore({ folder });
}
