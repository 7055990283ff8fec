import { sql, type Kysely, type Transaction } from 'kysely';
import { createReplayTables } from './replayTables.ts';

/** Takes the tables from one version to the next, by plain SQL that both databases take. */
export type Migration = (db: Transaction<unknown>) => Promise<void>;

/**
 * Version n of the tables is what the first n of these make. One that was released is never changed: a new one is added, and its
 * test gets rows of the version before. Nodes of the version before go on running meanwhile, so a column is first added, and
 * dropped a release later.
 */
export const migrations: readonly Migration[] = [createRecordings, createReplayTables];

async function createRecordings(db: Kysely<unknown>): Promise<void> {
  await run(db, [
    `create table recordings (
      id text primary key,
      room_id text not null,
      title text not null,
      host_id text not null,
      host_name text not null,
      language text,
      visibility text not null,
      state text not null,
      node text not null,
      started_at bigint not null,
      ended_at bigint,
      duration_ms bigint not null,
      retention_days integer,
      deleted_at bigint
    )`,
    'create index recordings_by_room on recordings (room_id, started_at)',
    'create index recordings_by_host on recordings (host_id, started_at)',
    'create index recordings_by_visibility on recordings (visibility, started_at)',
    'create index recordings_by_state on recordings (state, ended_at)',
    `create table segment_runs (
      recording_id text not null references recordings (id) on delete cascade,
      node text not null,
      first_index bigint not null,
      last_index bigint not null,
      bytes bigint not null,
      updated_at bigint not null,
      primary key (recording_id, node, first_index)
    )`,
    `create table gaps (
      recording_id text not null references recordings (id) on delete cascade,
      from_ms bigint not null,
      to_ms bigint not null,
      reason text not null,
      primary key (recording_id, from_ms, reason)
    )`,
    `create table stretches (
      recording_id text not null references recordings (id) on delete cascade,
      kind text not null,
      user_id text not null,
      name text not null,
      from_ms bigint not null,
      to_ms bigint,
      primary key (recording_id, kind, user_id, from_ms)
    )`,
    `create table chapters (
      recording_id text not null references recordings (id) on delete cascade,
      id text not null,
      at_ms bigint not null,
      title text not null,
      automatic integer not null,
      primary key (recording_id, id)
    )`,
    `create table clips (
      id text primary key,
      recording_id text not null references recordings (id) on delete cascade,
      from_ms bigint not null,
      to_ms bigint not null,
      title text not null,
      user_id text not null,
      created_at bigint not null
    )`,
    'create index clips_by_recording on clips (recording_id, from_ms)',
    'create table leases (name text primary key, node text not null, until_ms bigint not null)',
  ]);
}

async function run(db: Kysely<unknown>, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
