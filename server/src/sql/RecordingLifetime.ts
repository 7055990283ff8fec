import type { Database } from './Database.ts';
import { finishRecording, HEARTBEAT_LIFE_MS, heartbeatOf } from './recordingWrites.ts';

const DAY_MS = 86_400_000;

/**
 * How recordings end: forgotten by a recorder that died, past their time, or deleted. A deletion has three steps, of which each can be
 * repeated: the row says `deleted`, the objects go, and a day later the row does.
 */
export class RecordingLifetime {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Hides a recording for good, and forgets what was said of people in it. @returns false where there is none */
  async markDeleted(recordingId: string, now: number): Promise<boolean> {
    return this.#database.transact(async (db) => {
      const { numUpdatedRows } = await db
        .updateTable('recordings')
        .set({ state: 'deleted', deleted_at: now, title: '', host_name: '' })
        .where('id', '=', recordingId)
        .where('state', '!=', 'deleted')
        .executeTakeFirst();
      for (const table of [
        'segment_runs',
        'gaps',
        'stretches',
        'chapters',
        'clips',
        'cuts',
        'reaction_counts',
        'sound_sizes',
      ] as const)
        await db.deleteFrom(table).where('recording_id', '=', recordingId).execute();
      return numUpdatedRows > 0n;
    });
  }

  /** Those whose objects have to go. */
  async listDeleted(): Promise<{ readonly id: string; readonly deletedAt: number }[]> {
    return this.#database.run(async (db) => {
      const rows = await db
        .selectFrom('recordings')
        .select(['id', 'deleted_at'])
        .where('state', '=', 'deleted')
        .execute();
      return rows.map((row) => ({ id: row.id, deletedAt: row.deleted_at ?? 0 }));
    });
  }

  async isDeleted(recordingId: string): Promise<boolean> {
    return this.#database.run(async (db) => {
      const query = db.selectFrom('recordings').select('id').where('id', '=', recordingId);
      return Boolean(await query.where('state', '=', 'deleted').executeTakeFirst());
    });
  }

  /** Forgets a deleted recording. */
  async drop(recordingId: string): Promise<void> {
    await this.#database.run(async (db) =>
      db.deleteFrom('recordings').where('id', '=', recordingId).where('state', '=', 'deleted').execute(),
    );
  }

  /** Those that ended longer ago than they are kept. @param serverDays null: as long as there is no limit of their own */
  async listExpired(now: number, serverDays: number | null): Promise<string[]> {
    return this.#database.run(async (db) => {
      const rows = await db
        .selectFrom('recordings')
        .select(['id', 'ended_at', 'retention_days'])
        .where('state', '=', 'ready')
        .execute();
      return rows
        .filter(({ ended_at: endedAt, retention_days: days }) => {
          const kept = Math.min(days ?? Infinity, serverDays ?? Infinity);
          return endedAt !== null && now - endedAt > kept * DAY_MS;
        })
        .map(({ id }) => id);
    });
  }

  /** Ends those whose recorder has not been heard of for an hour: it died, and no other took over. @returns how many */
  async finishAbandoned(now: number): Promise<number> {
    return this.#database.transact(async (db) => {
      const rows = await db
        .selectFrom('recordings')
        .leftJoin('segment_runs', 'segment_runs.recording_id', 'recordings.id')
        .where('state', '=', 'recording')
        .groupBy(['id', 'started_at'])
        .select(({ fn }) => ['id', 'started_at', fn.max('updated_at').as('last_at')])
        .execute();
      const leases = await db.selectFrom('leases').select('name').where('until_ms', '>=', now).execute();
      const living = new Set(leases.map(({ name }) => name));
      const abandoned = rows
        .map((row) => ({ id: row.id, endedAt: row.last_at ?? row.started_at }))
        .filter(({ id, endedAt }) => endedAt < now - HEARTBEAT_LIFE_MS && !living.has(heartbeatOf(id)));
      for (const { id, endedAt } of abandoned) await finishRecording(db, id, { endedAt });
      return abandoned.length;
    });
  }

  /** Takes a piece of work for a while, unless another node has it. The same node may take it again. */
  async takeLease(name: string, node: string, now: number, lengthMs: number): Promise<boolean> {
    return this.#database.run(async (db) => {
      const { numInsertedOrUpdatedRows } = await db
        .insertInto('leases')
        .values({ name, node, until_ms: now + lengthMs })
        .onConflict((conflict) =>
          conflict
            .column('name')
            .doUpdateSet({ node, until_ms: now + lengthMs })
            .where(({ eb, or }) => or([eb('leases.until_ms', '<', now), eb('leases.node', '=', node)])),
        )
        .executeTakeFirst();
      return (numInsertedOrUpdatedRows ?? 0n) > 0n;
    });
  }

  async giveLease(name: string, node: string): Promise<void> {
    await this.#database.run(async (db) =>
      db.deleteFrom('leases').where('name', '=', name).where('node', '=', node).execute(),
    );
  }
}
