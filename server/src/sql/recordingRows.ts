import type { Kysely, Selectable } from 'kysely';
import { readCuts } from './cuts.ts';
import { readReactions } from './reactionCounts.ts';
import type { Clip, Recording, RecordingDetail } from './recording.ts';
import type { Tables } from './tables.ts';

/** Of those that are not deleted, with their bytes. */
export function selectRecordings(db: Kysely<Tables>) {
  return db
    .selectFrom('recordings')
    .selectAll()
    .select(({ selectFrom }) =>
      selectFrom('segment_runs')
        .whereRef('segment_runs.recording_id', '=', 'recordings.id')
        .select(({ fn, lit }) => fn.coalesce(fn.sum<number>('bytes'), lit(0)).as('sum'))
        .as('bytes'),
    )
    .where('state', '!=', 'deleted');
}

type RecordingRow = Selectable<Tables['recordings']> & { bytes: number | null };

export function toRecording(row: RecordingRow): Recording {
  const { id, title, language, visibility, state, node } = row;
  return {
    ...{ id, roomId: row.room_id, title, host: { userId: row.host_id, name: row.host_name }, language, visibility },
    ...{ state, node, startedAt: row.started_at, endedAt: row.ended_at, durationMs: row.duration_ms },
    ...{ retentionDays: row.retention_days, bytes: row.bytes ?? 0 },
  };
}

export function toClip({
  id,
  recording_id,
  from_ms,
  to_ms,
  title,
  user_id,
  created_at,
}: Selectable<Tables['clips']>): Clip {
  return { id, recordingId: recording_id, from: from_ms, to: to_ms, title, userId: user_id, createdAt: created_at };
}

/** What stands in other tables of one recording. */
export async function readParts(
  db: Kysely<Tables>,
  recordingId: string,
): Promise<Pick<RecordingDetail, 'runs' | 'gaps' | 'stretches' | 'chapters' | 'cuts' | 'reactions'>> {
  const is = ['recording_id', '=', recordingId] as const;
  const runs = await db
    .selectFrom('segment_runs')
    .selectAll()
    .where(...is)
    .orderBy('first_index')
    .execute();
  const gaps = await db
    .selectFrom('gaps')
    .selectAll()
    .where(...is)
    .orderBy('from_ms')
    .execute();
  const stretches = await db
    .selectFrom('stretches')
    .selectAll()
    .where(...is)
    .orderBy('from_ms')
    .execute();
  const chapters = await db
    .selectFrom('chapters')
    .selectAll()
    .where(...is)
    .orderBy('at_ms')
    .execute();
  return {
    runs: runs.map((run) => ({ node: run.node, first: run.first_index, last: run.last_index, bytes: run.bytes })),
    gaps: gaps.map((gap) => ({ from: gap.from_ms, to: gap.to_ms, reason: gap.reason })),
    stretches: stretches.map(({ kind, user_id: userId, name, from_ms: from, to_ms: to }) => ({
      ...{ kind, person: { userId, name }, from, to },
    })),
    chapters: chapters.map(({ id, at_ms: at, title, automatic }) => ({ id, at, title, automatic: automatic === 1 })),
    cuts: await readCuts(db, recordingId),
    reactions: await readReactions(db, recordingId),
  };
}
