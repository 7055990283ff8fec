import { sql, type Kysely, type Transaction } from 'kysely';
import type { Migration } from './migrations.ts';
import type { Tables } from './tables.ts';

/** Any number that nothing else in the database locks. */
const LOCK_KEY = 842_917_304;

/** The tables are of a version that this program does not know. */
export class DatabaseTooNew extends Error {
  constructor(version: number, known: number) {
    super(`The database has version ${version} of the tables, and this program knows version ${known}: it is older`);
    this.name = new.target.name;
  }
}

/**
 * Brings the tables to the newest version: all of the migrations that are missing, in one transaction, or none of them. Nodes that
 * start at once do it one after the other, so that all but the first find nothing to do.
 *
 * @throws {DatabaseTooNew} There is no way back to an earlier version.
 */
export async function migrate(
  db: Kysely<Tables>,
  migrations: readonly Migration[],
  isPostgres: boolean,
): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    // In SQLite a transaction has the lock from its beginning.
    if (isPostgres) await sql`select pg_advisory_xact_lock(${sql.lit(LOCK_KEY)})`.execute(transaction);
    const version = await readVersion(transaction);
    if (version > migrations.length) throw new DatabaseTooNew(version, migrations.length);
    for (const migration of migrations.slice(version)) await migration(transaction as Transaction<unknown>);
    if (version < migrations.length)
      await transaction.updateTable('schema_version').set({ version: migrations.length }).execute();
  });
}

async function readVersion(db: Kysely<Tables>): Promise<number> {
  await sql`create table if not exists schema_version (version integer not null, checked_at bigint not null)`.execute(
    db,
  );
  const row = await db.selectFrom('schema_version').select('version').executeTakeFirst();
  if (row) return row.version;
  await db.insertInto('schema_version').values({ version: 0, checked_at: 0 }).execute();
  return 0;
}
