import type { Kysely } from 'kysely';
import { PAUSED } from './recording.ts';
import type { Chapter, Gap, NewRecording, SegmentRun, Stretch } from './recording.ts';
import type { Tables } from './tables.ts';

type Db = Kysely<Tables>;

/** A recorder that has not been heard of for so long is gone. */
export const HEARTBEAT_LIFE_MS = 3_600_000;

/**
 * Creates the row, or takes up again one that had ended before this part began, or an hour before the recorder said that it goes on: what
 * a recorder said before it heard of the end, and is written after it, opens nothing. A deleted one stays, so that a recorder which has not
 * heard of it writes nothing that is seen; one that began after the deletion is another recording.
 * @param now when the recorder said it
 */
export async function upsertRecording(db: Db, recording: NewRecording, now: number): Promise<void> {
  const { id, roomId, host, startedAt, retentionDays, title, language, visibility, node } = recording;
  await db
    .deleteFrom('recordings')
    .where('id', '=', id)
    .where('state', '=', 'deleted')
    .where('deleted_at', '<', startedAt)
    .execute();
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('recordings')
    .values({
      ...{ id, room_id: roomId, title, host_id: host.userId, host_name: host.name, language, visibility, node },
      ...{ state: 'recording', started_at: startedAt, ended_at: null, duration_ms: 0 },
      ...{ retention_days: retentionDays, deleted_at: null },
    })
    .onConflict((conflict) =>
      conflict
        .column('id')
        .doUpdateSet({ state: 'recording', ended_at: null, node })
        .where('recordings.state', '!=', 'deleted')
        .where(({ eb, or }) =>
          or([
            eb('recordings.ended_at', 'is', null),
            // One whose recorder was not heard of for an hour was ended by a sweep.
            eb('recordings.ended_at', '<=', Math.max(startedAt, now - HEARTBEAT_LIFE_MS)),
          ]),
        ),
    )
    .executeTakeFirst();
  if (!numInsertedOrUpdatedRows) return;
  const until = { node, until_ms: now + HEARTBEAT_LIFE_MS };
  await db
    .insertInto('leases')
    .values({ name: heartbeatOf(id), ...until })
    .onConflict((conflict) => conflict.column('name').doUpdateSet(until))
    .execute();
}

/** The lease that a recorder renews, whether it can store anything or not. */
export function heartbeatOf(recordingId: string): string {
  return `recording ${recordingId}`;
}

export async function upsertRun(db: Db, recordingId: string, run: SegmentRun, now: number): Promise<void> {
  const { node, first, last, bytes } = run;
  await db
    .insertInto('segment_runs')
    .values({ recording_id: recordingId, node, first_index: first, last_index: last, bytes, updated_at: now })
    .onConflict((conflict) =>
      conflict
        .columns(['recording_id', 'node', 'first_index'])
        .doUpdateSet({ last_index: last, bytes, updated_at: now }),
    )
    .execute();
}

export async function upsertGap(db: Db, recordingId: string, { from, to, reason }: Gap): Promise<void> {
  await db
    .insertInto('gaps')
    .values({ recording_id: recordingId, from_ms: from, to_ms: to, reason })
    .onConflict((conflict) => conflict.columns(['recording_id', 'from_ms', 'reason']).doUpdateSet({ to_ms: to }))
    .execute();
}

export async function upsertStretch(db: Db, recordingId: string, { kind, person, from, to }: Stretch): Promise<void> {
  await db
    .insertInto('stretches')
    .values({ recording_id: recordingId, kind, user_id: person.userId, name: person.name, from_ms: from, to_ms: to })
    .onConflict((conflict) =>
      conflict.columns(['recording_id', 'kind', 'user_id', 'from_ms']).doUpdateSet({ to_ms: to, name: person.name }),
    )
    .execute();
}

export async function upsertChapter(db: Db, recordingId: string, { id, at, title, automatic }: Chapter): Promise<void> {
  await db
    .insertInto('chapters')
    .values({ recording_id: recordingId, id, at_ms: at, title, automatic: Number(automatic) })
    .onConflict((conflict) =>
      conflict.columns(['recording_id', 'id']).doUpdateSet({ at_ms: at, title, automatic: Number(automatic) }),
    )
    .execute();
}

/** Nobody is on stage after the end. */
export async function finishRecording(
  db: Db,
  recordingId: string,
  { endedAt }: { readonly endedAt: number },
): Promise<void> {
  const recording = await db
    .selectFrom('recordings')
    .select('started_at')
    .where('id', '=', recordingId)
    .executeTakeFirst();
  const pauses = await db
    .selectFrom('gaps')
    .select(['from_ms', 'to_ms'])
    .where('recording_id', '=', recordingId)
    .where('reason', '=', PAUSED)
    .execute();
  const startedAt = recording?.started_at ?? endedAt;
  const pausedMs = pauses
    .map(({ from_ms: from, to_ms: to }) => Math.max(0, Math.min(to, endedAt) - Math.max(from, startedAt)))
    .reduce((sum, ms) => sum + ms, 0);
  await db
    .updateTable('stretches')
    .set({ to_ms: endedAt })
    .where('recording_id', '=', recordingId)
    .where('to_ms', 'is', null)
    .execute();
  await db
    .updateTable('recordings')
    .set({ state: 'ready', ended_at: endedAt, duration_ms: Math.max(0, endedAt - startedAt - pausedMs) })
    .where('id', '=', recordingId)
    .where('state', '!=', 'deleted')
    .execute();
  await db.deleteFrom('leases').where('name', '=', heartbeatOf(recordingId)).execute();
}
