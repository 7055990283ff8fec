import { startPostgres } from '@tribune/scripts/postgres.mjs';
import { startS3 } from '@tribune/server/test/support/startS3.ts';
import { TinyDisk } from './TinyDisk.ts';

/** More than a node leaves free for others, and than a recording of some minutes takes. */
const DISK_SIZE = '300m';

/** Where the nodes of a cluster keep recordings, to be taken away and given back. */
export interface RecordingStorage {
  /** Environment of the nodes that use it. */
  readonly env: Readonly<Record<string, string>>;
  takeAway(): Promise<void>;
  giveBack(): Promise<void>;
  close(): Promise<unknown>;
}

/** A PostgreSQL and a server of the S3 API, as several nodes need them. Of the two, the latter is taken away. */
export async function createSharedStorage(): Promise<RecordingStorage> {
  const postgres = await startPostgres();
  const s3 = await startS3().catch(async (error: unknown) => {
    await postgres.stop();
    throw error;
  });
  const { url, region, accessKeyId, secretAccessKey } = s3.options;
  return {
    env: {
      ...{ RECORDING: 'allowed', DATABASE_URL: postgres.url, S3_URL: url, S3_REGION: region },
      ...{ S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey },
    },
    takeAway: async () => s3.halt(),
    giveBack: async () => s3.resume(),
    close: async () => Promise.all([s3.stop(), postgres.stop()]),
  };
}

/** A disk of one node, which is full when it is taken away. @throws {Error} when this user may not mount one */
export async function createDiskStorage(): Promise<RecordingStorage> {
  const disk = await TinyDisk.create(DISK_SIZE);
  return {
    env: { RECORDING: 'allowed', DATA_DIR: disk.path },
    takeAway: async () => disk.fill(),
    giveBack: async () => disk.empty(),
    close: async () => disk.close(),
  };
}
