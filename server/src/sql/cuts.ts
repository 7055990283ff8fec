import type { Kysely } from 'kysely';
import type { Cut } from './recording.ts';
import type { Tables } from './tables.ts';

type Db = Kysely<Tables>;

/** Rows of one statement; SQLite takes 32,766 values. */
const ROWS_AT_ONCE = 500;

export async function insertCuts(db: Db, recordingId: string, cuts: readonly Cut[]): Promise<void> {
  const rows = cuts.map(({ id, from, to, userId }) => ({
    ...{ recording_id: recordingId, id, from_ms: from, to_ms: to, user_id: userId },
  }));
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE)
    await db
      .insertInto('cuts')
      .values(rows.slice(at, at + ROWS_AT_ONCE))
      .execute();
}

/** @returns how many there were */
export async function deleteCuts(db: Db, recordingId: string, which: { id: string } | { userId: string }) {
  const own = db.deleteFrom('cuts').where('recording_id', '=', recordingId);
  const chosen = 'id' in which ? own.where('id', '=', which.id) : own.where('user_id', '=', which.userId);
  return Number((await chosen.executeTakeFirst()).numDeletedRows);
}

export async function readCuts(db: Db, recordingId: string): Promise<Cut[]> {
  const rows = await db
    .selectFrom('cuts')
    .selectAll()
    .where('recording_id', '=', recordingId)
    .orderBy('from_ms')
    .execute();
  return rows.map(({ id, from_ms: from, to_ms: to, user_id: userId }) => ({ id, from, to, userId }));
}
