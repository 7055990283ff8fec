import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../../../scripts/lib/postgres.mjs';

/** A database that is empty at first, of either kind, so that the same tests run against both. */
export interface TestDatabase {
  readonly url: string;
  stop(): Promise<void>;
}

export const databases: readonly { readonly kind: string; readonly start: () => Promise<TestDatabase> }[] = [
  { kind: 'SQLite', start: startSqlite },
  { kind: 'PostgreSQL', start: startPostgres },
];

async function startSqlite(): Promise<TestDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'tribune-sqlite-'));
  return { url: join(folder, 'tribune.db'), stop: async () => rm(folder, { recursive: true, force: true }) };
}
