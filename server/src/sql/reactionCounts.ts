import type { Kysely } from 'kysely';
import type { ReactionCount } from './recording.ts';
import type { Tables } from './tables.ts';

type Db = Kysely<Tables>;

export async function upsertReactions(db: Db, recordingId: string, { at, count }: ReactionCount): Promise<void> {
  await db
    .insertInto('reaction_counts')
    .values({ recording_id: recordingId, at_ms: at, count })
    .onConflict((conflict) => conflict.columns(['recording_id', 'at_ms']).doUpdateSet({ count }))
    .execute();
}

export async function readReactions(db: Db, recordingId: string): Promise<ReactionCount[]> {
  const rows = await db
    .selectFrom('reaction_counts')
    .selectAll()
    .where('recording_id', '=', recordingId)
    .orderBy('at_ms')
    .execute();
  return rows.map(({ at_ms: at, count }) => ({ at, count }));
}
