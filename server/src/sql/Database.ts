import { setTimeout as sleep } from 'node:timers/promises';
import { Kysely, PostgresDialect, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler, type Dialect } from 'kysely';
import pg from 'pg';
import type { Logger } from '../logger.ts';
import { DatabaseTooNew, migrate } from './migrate.ts';
import { migrations as allMigrations, type Migration } from './migrations.ts';
import { SqlError } from './SqlError.ts';
import { SqliteDriver } from './SqliteDriver.ts';
import type { Tables } from './tables.ts';
import { toSqlError } from './toSqlError.ts';

const CHECK_EVERY_MS = 5000;
const RETRY_MS = 1000;
/** After which a caller is told that the database is away, whatever it does then. */
const DEADLINE_MS = 10_000;
/** Below the deadline, so that the database gives a statement up before its caller does. */
const STATEMENT_TIMEOUT_MS = 8000;
const CONNECT_TIMEOUT_MS = 4000;
const POSTGRES_CONNECTIONS = 5;
/** Types of PostgreSQL that pg reads as strings; ours are below 2^53. */
const POSTGRES_INT8 = 20;
const POSTGRES_NUMERIC = 1700;

export interface DatabaseOptions {
  /** `postgres://…`, or the path of a file of SQLite. */
  readonly url: string;
  readonly logger: Logger;
  readonly migrations?: readonly Migration[];
}

/**
 * The database of what outlives a room. Live sound never depends on it: it is opened in the background, and while it is away each
 * call fails with a `SqlError` whose reason is `UNAVAILABLE`.
 */
export class Database {
  readonly #options: DatabaseOptions;
  readonly #isPostgres: boolean;
  readonly #db: Kysely<Tables>;
  readonly #closing = new AbortController();
  readonly #opening: Promise<void>;
  readonly #opened = Promise.withResolvers<void>();
  #isMigrated = false;
  #problem: string | null = 'opening';

  /** Opens the database, and creates or migrates its tables, as soon as it answers. */
  constructor(options: DatabaseOptions) {
    this.#options = options;
    this.#isPostgres = isPostgresUrl(options.url);
    this.#db = new Kysely<Tables>({
      dialect: this.#isPostgres ? createPostgres(options) : createSqlite(options.url),
    });
    this.#opening = this.#keepOpen();
  }

  /** Null while the database takes writes, else why not. Never the URL, which has a password in it. */
  get problem(): string | null {
    return this.#problem;
  }

  get isUp(): boolean {
    return this.#problem === null;
  }

  /** Reads or writes. @throws {SqlError} */
  async run<T>(action: (db: Kysely<Tables>) => Promise<T>): Promise<T> {
    if (!this.#isMigrated) throw new SqlError('UNAVAILABLE', 'The database is not open yet');
    return this.#run(action);
  }

  /** All of the writes, or none of them. @throws {SqlError} */
  async transact<T>(action: (db: Kysely<Tables>) => Promise<T>): Promise<T> {
    return this.run(async (db) => db.transaction().execute(action));
  }

  /** Resolves once the tables are there, or the database is closed. Nothing is kept from ending by it. */
  async whenOpen(): Promise<void> {
    await this.#opened.promise;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#opened.resolve();
    await this.#opening;
    await Promise.race([
      this.#db.destroy().catch(() => undefined),
      sleep(CONNECT_TIMEOUT_MS, undefined, { ref: false }),
    ]);
  }

  async #run<T>(action: (db: Kysely<Tables>) => Promise<T>): Promise<T> {
    const timer = new AbortController();
    try {
      const late = sleep(DEADLINE_MS, undefined, { signal: timer.signal }).then(() => {
        throw new SqlError('UNAVAILABLE', 'The database took too long');
      });
      return await Promise.race([action(this.#db), late]);
    } catch (error) {
      throw toSqlError(error);
    } finally {
      timer.abort();
    }
  }

  async #keepOpen(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.#check();
      await sleep(this.isUp ? CHECK_EVERY_MS : RETRY_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  async #check(): Promise<void> {
    try {
      if (!this.#isMigrated)
        await this.#run(async (db) => migrate(db, this.#options.migrations ?? allMigrations, this.#isPostgres));
      this.#isMigrated = true;
      this.#opened.resolve();
      // A write: a disk that is full and a server that is read-only still answer reads.
      await this.#run(async (db) => db.updateTable('schema_version').set({ checked_at: Date.now() }).execute());
      this.#tell(null);
    } catch (error) {
      this.#tell(describe(error));
    }
  }

  #tell(problem: string | null): void {
    const before = this.#problem;
    this.#problem = problem;
    if (problem === before || this.#closing.signal.aborted) return;
    if (problem)
      this.#options.logger.warn({ reason: problem }, 'The database of recordings is away; live sound goes on');
    else if (before === 'opening') this.#options.logger.debug('The database of recordings is open');
    else this.#options.logger.info('The database of recordings is back');
  }
}

function isPostgresUrl(url: string): boolean {
  return /^postgres(?:ql)?:\/\//.test(url);
}

function createSqlite(file: string): Dialect {
  return {
    createDriver: () => new SqliteDriver(file),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new SqliteAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  };
}

function createPostgres({ url, logger }: DatabaseOptions): Dialect {
  const types = new pg.TypeOverrides();
  types.setTypeParser(POSTGRES_INT8, Number);
  types.setTypeParser(POSTGRES_NUMERIC, Number);
  const pool = new pg.Pool({
    connectionString: url,
    types,
    max: POSTGRES_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: DEADLINE_MS,
    idle_in_transaction_session_timeout: DEADLINE_MS,
    application_name: 'tribune',
    allowExitOnIdle: true,
  });
  // An idle connection that is cut; the next call opens another.
  pool.on('error', (error: Error) => logger.debug({ reason: error.message }, 'A connection of the database is lost'));
  return new PostgresDialect({ pool });
}

/** For the log and for those who run the server: what the database said, which is of no use to a client. */
function describe(error: unknown): string {
  const cause = error instanceof SqlError ? (error.cause ?? error) : error;
  if (!(cause instanceof Error)) return 'unknown';
  const { message, code } = cause as Error & { code?: string };
  return cause instanceof DatabaseTooNew || message ? message : (code ?? cause.name);
}
