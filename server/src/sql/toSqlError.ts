import { SqlError, type SqlFault } from './SqlError.ts';
import { SqliteFailure } from './SqliteDriver.ts';

/** The low byte of SQLite's code is its kind. */
const SQLITE_CONSTRAINT = 19;
/** BUSY, LOCKED, NOMEM, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, PROTOCOL, NOTADB. */
const SQLITE_AWAY: ReadonlySet<number> = new Set([5, 6, 7, 8, 10, 11, 13, 14, 15, 26]);

/** The first two characters of a code of PostgreSQL are its class. */
const SQLSTATE = /^[0-9A-Z]{5}$/;
const POSTGRES_CONSTRAINT = '23';
/** Connections, what an administrator has to mend (access, databases, space, shutdowns), and what passes: deadlocks and locks. */
const POSTGRES_AWAY: ReadonlySet<string> = new Set(['08', '25', '28', '3D', '40', '53', '55', '57', '58', 'XX']);

/** Gives a failure of either database its meaning. The text of the database stays in `cause`: it may have a value of ours in it. */
export function toSqlError(error: unknown): SqlError {
  if (error instanceof SqlError) return error;
  const reason = reasonOf(error);
  const messages = {
    UNAVAILABLE: 'The database is away',
    CONFLICT: 'A row contradicts another',
    FAILED: 'The database refused a statement',
  } as const satisfies Record<SqlFault, string>;
  return new SqlError(reason, messages[reason], { cause: error });
}

function reasonOf(error: unknown): SqlFault {
  if (error instanceof SqliteFailure) {
    if (error.errcode === null) return 'UNAVAILABLE';
    const kind = error.errcode & 0xff;
    if (kind === SQLITE_CONSTRAINT) return 'CONFLICT';
    return SQLITE_AWAY.has(kind) ? 'UNAVAILABLE' : 'FAILED';
  }
  if (error instanceof TypeError || error instanceof RangeError) return 'FAILED';
  const code = (error as { code?: unknown } | null)?.code;
  // Without a code of the database: the connection, or the time, has run out.
  if (typeof code !== 'string' || !SQLSTATE.test(code)) return 'UNAVAILABLE';
  if (code.startsWith(POSTGRES_CONSTRAINT)) return 'CONFLICT';
  return POSTGRES_AWAY.has(code.slice(0, 2)) ? 'UNAVAILABLE' : 'FAILED';
}
