import { sql, type Transaction } from 'kysely';

/** What a host cuts out of a recording, how many reactions there were in each few seconds of it, and how large its file is. */
export async function createReplayTables(db: Transaction<unknown>): Promise<void> {
  const statements = [
    `create table cuts (
      recording_id text not null references recordings (id) on delete cascade,
      id text not null,
      from_ms bigint not null,
      to_ms bigint not null,
      user_id text,
      primary key (recording_id, id)
    )`,
    `create table reaction_counts (
      recording_id text not null references recordings (id) on delete cascade,
      at_ms bigint not null,
      count bigint not null,
      primary key (recording_id, at_ms)
    )`,
    `create table sound_sizes (
      recording_id text primary key references recordings (id) on delete cascade,
      version text not null,
      bytes bigint not null,
      duration_ms bigint not null
    )`,
  ];
  for (const statement of statements) await sql.raw(statement).execute(db);
}
