import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startPostgres } from '@tribune/scripts/postgres.mjs';

/** Databases of either kind, so that the same tests run against both. */
export interface TestDatabases {
  /** A URL of one that is empty. */
  create(): Promise<string>;
  stop(): Promise<void>;
}

export const kindsOfDatabase: readonly { readonly kind: string; readonly start: () => Promise<TestDatabases> }[] = [
  { kind: 'SQLite', start: startSqlite },
  { kind: 'PostgreSQL', start: startPostgresServer },
];

async function startSqlite(): Promise<TestDatabases> {
  const folder = await mkdtemp(join(tmpdir(), 'tribune-sqlite-'));
  let count = 0;
  return {
    create: async () => join(folder, `${(count += 1)}.db`),
    stop: async () => rm(folder, { recursive: true, force: true }),
  };
}

async function startPostgresServer(): Promise<TestDatabases> {
  const { url, stop } = await startPostgres();
  let count = 0;
  return {
    create: async () => {
      const name = `empty_${(count += 1)}`;
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      await client.query(`create database ${name}`);
      await client.end();
      const created = new URL(url);
      created.pathname = `/${name}`;
      return created.href;
    },
    stop,
  };
}
