import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config.ts';
import type { Logger } from '../logger.ts';
import { FolderStore } from '../objects/FolderStore.ts';
import type { ObjectStore } from '../objects/ObjectStore.ts';
import { openObjects, type StorageLocation } from '../objects/openObjects.ts';
import { Database } from '../sql/Database.ts';
import { RecordingLifetime } from '../sql/RecordingLifetime.ts';
import { RecordingStore } from '../sql/RecordingStore.ts';
import { RecordingWriter } from '../sql/RecordingWriter.ts';
import type { Recordings } from '../sql/recording.ts';
import { recordingPrefix, type Archive } from './Archive.ts';
import { ObjectHealth } from './ObjectHealth.ts';

const BYTES_PER_GB = 1e9;
const SWEEP_EVERY_MS = 3_600_000;
const SWEEP_RETRY_MS = 60_000;
/** Longer than a sweep takes, and short enough for another node to take over from one that died. */
const SWEEP_LEASE_MS = 600_000;
const SWEEP_LEASE = 'sweep of recordings';
/** A deleted row stays for so long, so that objects which a recorder wrote late are deleted too. */
const DELETED_MS = 86_400_000;

type ArchiveConfig = Pick<
  Config,
  | 'NODE_ID'
  | 'databaseUrl'
  | 'objectsFolder'
  | 's3'
  | 'RECORDING_MAX_GB'
  | 'RECORDING_ROOM_MAX_GB'
  | 'RECORDING_RETENTION_DAYS'
>;

/** Whether the parts of the archive answer; null where one does. For those who run the server. */
export interface ArchiveProblems {
  readonly sql: string | null;
  readonly objects: string | null;
}

/**
 * What is kept of rooms: rows in SQL, and objects; and the rules that concern both: quotas, how long a recording is kept, and how it is
 * deleted. Nothing live depends on it.
 */
export class RecordingArchive implements Archive {
  readonly objects: ObjectStore;
  /** Where `objects` are, for a process of its own. */
  readonly storage: StorageLocation;
  readonly recordings: Recordings;
  readonly log: RecordingWriter;
  readonly #config: ArchiveConfig;
  readonly #logger: Logger;
  readonly #database: Database;
  readonly #lifetime: RecordingLifetime;
  readonly #objectHealth: ObjectHealth;
  readonly #closing = new AbortController();
  readonly #sweeping: Promise<void>;

  /** Opens both in the background. */
  constructor(config: ArchiveConfig, logger: Logger) {
    this.#config = config;
    this.#logger = logger;
    this.#database = new Database({ url: config.databaseUrl, logger });
    this.#lifetime = new RecordingLifetime(this.#database);
    this.recordings = new RecordingStore(this.#database);
    this.log = new RecordingWriter({ database: this.#database });
    this.log.on('lost', ({ recordingId, reason }) => {
      logger.error({ recordingId, reason }, 'Something of a recording could not be written to the database');
    });
    this.storage = { folder: config.objectsFolder, s3: config.s3 };
    this.objects = openObjects(this.storage);
    this.#objectHealth = new ObjectHealth(this.objects, logger);
    this.#sweeping = this.#keepSwept();
  }

  get problems(): ArchiveProblems {
    return { sql: this.#database.problem, objects: this.#objectHealth.problem };
  }

  async bytesLeft(roomId: string): Promise<number> {
    const { RECORDING_MAX_GB: maxGb = Infinity, RECORDING_ROOM_MAX_GB: roomMaxGb = Infinity } = this.#config;
    if (Math.min(maxGb, roomMaxGb) === Infinity) return Infinity;
    const usage = await this.recordings.usage(roomId).catch(() => null);
    if (!usage) return Infinity;
    return Math.max(0, Math.min(maxGb * BYTES_PER_GB - usage.total, roomMaxGb * BYTES_PER_GB - usage.room));
  }

  async deleteRecording(recordingId: string): Promise<boolean> {
    if (!(await this.#lifetime.markDeleted(recordingId, Date.now()))) return false;
    await this.objects.delete(recordingPrefix(recordingId)).catch((error: unknown) => {
      this.#logger.warn({ err: error, recordingId }, 'The objects of a deleted recording stay until the next sweep');
    });
    return true;
  }

  /**
   * Ends recordings that a dead recorder left open, deletes those that are past their time, and finishes deletions; unless another
   * node does. It runs at the start and once an hour.
   * @returns false where another node does it
   * @throws {AppError} of the database or of the objects, and then the next sweep does the rest
   */
  async sweep(now = Date.now()): Promise<boolean> {
    const { NODE_ID, RECORDING_RETENTION_DAYS: days = null } = this.#config;
    if (!(await this.#lifetime.takeLease(SWEEP_LEASE, NODE_ID, now, SWEEP_LEASE_MS))) return false;
    const abandoned = await this.#lifetime.finishAbandoned(now);
    const expired = await this.#lifetime.listExpired(now, days);
    for (const id of expired) await this.#lifetime.markDeleted(id, now);
    for (const { id, deletedAt } of await this.#lifetime.listDeleted()) {
      // Since the list was read, its name may have been taken by a new one.
      if (!(await this.#lifetime.isDeleted(id))) continue;
      await this.objects.delete(recordingPrefix(id), { signal: this.#closing.signal });
      if (now - deletedAt > DELETED_MS) await this.#lifetime.drop(id);
    }
    if (this.objects instanceof FolderStore) await this.objects.sweep();
    await this.#lifetime.giveLease(SWEEP_LEASE, NODE_ID);
    if (abandoned + expired.length > 0)
      this.#logger.info({ abandoned, expired: expired.length }, 'Recordings were ended, or deleted for their age');
    return true;
  }

  /** Writes what waits, if the database takes it now. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#objectHealth.close();
    await this.log.close();
    await this.#database.close();
    await this.#sweeping;
  }

  async #keepSwept(): Promise<void> {
    const { signal } = this.#closing;
    await this.#database.whenOpen();
    while (!signal.aborted) {
      const isDone = await this.sweep().catch((error: unknown) => {
        if (!signal.aborted) this.#logger.warn({ err: error }, 'The sweep of recordings stopped midway');
        return false;
      });
      await sleep(isDone ? SWEEP_EVERY_MS : SWEEP_RETRY_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }
}
