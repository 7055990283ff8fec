import type { Kysely } from 'kysely';
import type { Tables } from './tables.ts';

type Db = Kysely<Tables>;

/** How large and how long the file of a recording is. */
export interface SoundSize {
  readonly bytes: number;
  readonly durationMs: number;
}

/** @param version of what is kept of the recording; null where another was measured, or none */
export async function findSoundSize(db: Db, recordingId: string, version: string): Promise<SoundSize | null> {
  const row = await db
    .selectFrom('sound_sizes')
    .selectAll()
    .where('recording_id', '=', recordingId)
    .where('version', '=', version)
    .executeTakeFirst();
  return row ? { bytes: row.bytes, durationMs: row.duration_ms } : null;
}

export async function putSoundSize(db: Db, recordingId: string, version: string, size: SoundSize): Promise<void> {
  const values = { version, bytes: size.bytes, duration_ms: size.durationMs };
  await db
    .insertInto('sound_sizes')
    .values({ recording_id: recordingId, ...values })
    .onConflict((conflict) => conflict.column('recording_id').doUpdateSet(values))
    .execute();
}
