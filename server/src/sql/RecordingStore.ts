import { deleteCuts, insertCuts } from './cuts.ts';
import { findSoundSize, putSoundSize, type SoundSize } from './soundSizes.ts';
import type { Database } from './Database.ts';
import type {
  Chapter,
  Clip,
  Cut,
  Recording,
  RecordingChanges,
  RecordingDetail,
  RecordingFilter,
  Recordings,
} from './recording.ts';
import { readParts, selectRecordings, toClip, toRecording } from './recordingRows.ts';
import { upsertChapter } from './recordingWrites.ts';

const PAGE = 50;

/** The recordings in the database. */
export class RecordingStore implements Recordings {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async find(recordingId: string): Promise<RecordingDetail | null> {
    return this.#database.run(async (db) => {
      const row = await selectRecordings(db).where('id', '=', recordingId).executeTakeFirst();
      return row ? { ...toRecording(row), ...(await readParts(db, recordingId)) } : null;
    });
  }

  async list({ roomId, hostId, visibility, before, limit = PAGE }: RecordingFilter): Promise<Recording[]> {
    return this.#database.run(async (db) => {
      let query = selectRecordings(db).orderBy('started_at', 'desc').limit(limit);
      if (roomId !== undefined) query = query.where('room_id', '=', roomId);
      if (hostId !== undefined) query = query.where('host_id', '=', hostId);
      if (visibility !== undefined) query = query.where('visibility', '=', visibility);
      if (before !== undefined) query = query.where('started_at', '<', before);
      return (await query.execute()).map(toRecording);
    });
  }

  async change(recordingId: string, { title, visibility, retentionDays }: RecordingChanges): Promise<boolean> {
    const values = {
      ...(title === undefined ? {} : { title }),
      ...(visibility === undefined ? {} : { visibility }),
      ...(retentionDays === undefined ? {} : { retention_days: retentionDays }),
    };
    return this.#database.run(async (db) => {
      if (Object.keys(values).length === 0)
        return Boolean(await selectRecordings(db).where('id', '=', recordingId).executeTakeFirst());
      const { numUpdatedRows } = await db
        .updateTable('recordings')
        .set(values)
        .where('id', '=', recordingId)
        .where('state', '!=', 'deleted')
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    });
  }

  async putChapter(recordingId: string, chapter: Chapter): Promise<void> {
    await this.#database.run(async (db) => upsertChapter(db, recordingId, chapter));
  }

  async deleteChapter(recordingId: string, chapterId: string): Promise<boolean> {
    return this.#database.run(async (db) => {
      const { numDeletedRows } = await db
        .deleteFrom('chapters')
        .where('recording_id', '=', recordingId)
        .where('id', '=', chapterId)
        .executeTakeFirst();
      return numDeletedRows > 0n;
    });
  }

  async addCuts(recordingId: string, cuts: readonly Cut[]): Promise<void> {
    await this.#database.transact(async (db) => insertCuts(db, recordingId, cuts));
  }

  async replaceCuts(recordingId: string, userId: string, cuts: readonly Cut[]): Promise<void> {
    await this.#database.transact(async (db) => {
      await deleteCuts(db, recordingId, { userId });
      await insertCuts(db, recordingId, cuts);
    });
  }

  async deleteCuts(recordingId: string, which: { id: string } | { userId: string }): Promise<number> {
    return this.#database.run(async (db) => deleteCuts(db, recordingId, which));
  }

  async findSoundSize(recordingId: string, version: string): Promise<SoundSize | null> {
    return this.#database.run(async (db) => findSoundSize(db, recordingId, version));
  }

  async putSoundSize(recordingId: string, version: string, size: SoundSize): Promise<void> {
    await this.#database.run(async (db) => putSoundSize(db, recordingId, version, size));
  }

  async addClip({ id, recordingId, from, to, title, userId, createdAt }: Clip): Promise<void> {
    const row = {
      id,
      recording_id: recordingId,
      from_ms: from,
      to_ms: to,
      title,
      user_id: userId,
      created_at: createdAt,
    };
    await this.#database.run(async (db) => db.insertInto('clips').values(row).execute());
  }

  async findClip(clipId: string): Promise<Clip | null> {
    return this.#database.run(async (db) => {
      const row = await db.selectFrom('clips').selectAll().where('id', '=', clipId).executeTakeFirst();
      return row ? toClip(row) : null;
    });
  }

  async listClips(recordingId: string): Promise<Clip[]> {
    return this.#database.run(async (db) => {
      const query = db.selectFrom('clips').selectAll().where('recording_id', '=', recordingId);
      return (await query.orderBy('from_ms').execute()).map(toClip);
    });
  }

  async deleteClip(clipId: string): Promise<boolean> {
    return this.#database.run(async (db) => {
      const { numDeletedRows } = await db.deleteFrom('clips').where('id', '=', clipId).executeTakeFirst();
      return numDeletedRows > 0n;
    });
  }

  async usage(roomId: string): Promise<{ room: number; total: number }> {
    return this.#database.run(async (db) => {
      const { room, total } = await db
        .selectFrom('segment_runs')
        .innerJoin('recordings', 'recordings.id', 'segment_runs.recording_id')
        .select(({ fn }) => [
          fn.coalesce(fn.sum<number>('bytes').filterWhere('room_id', '=', roomId), (eb) => eb.lit(0)).as('room'),
          fn.coalesce(fn.sum<number>('bytes'), (eb) => eb.lit(0)).as('total'),
        ])
        .executeTakeFirstOrThrow();
      return { room, total };
    });
  }
}
