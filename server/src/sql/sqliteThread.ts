import { chmodSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import type { SqliteAnswer, SqliteCall } from './SqliteDriver.ts';

/** Another process, a backup for instance, may hold the lock for a moment. */
const LOCK_TIMEOUT_MS = 4000;

const { file } = workerData as { file: string };
let database: DatabaseSync | null = null;

parentPort?.on('message', (call: SqliteCall) => {
  parentPort?.postMessage(answer(call));
});

function answer({ id, sql, parameters }: SqliteCall): SqliteAnswer {
  try {
    database ??= open();
    const statement = database.prepare(sql);
    if (statement.columns().length > 0)
      return { id, rows: statement.all(...(parameters as SQLInputValue[])), changes: 0 };
    return { id, rows: [], changes: Number(statement.run(...(parameters as SQLInputValue[])).changes) };
  } catch (error) {
    const { message, errcode } = error as Error & { errcode?: number };
    return { id, error: { message, errcode: errcode ?? null } };
  }
}

/** A file that cannot be opened now is tried again with the next call. */
function open(): DatabaseSync {
  mkdirSync(dirname(file), { recursive: true });
  const opened = new DatabaseSync(file, { timeout: LOCK_TIMEOUT_MS });
  try {
    // FULL: what was answered survives a loss of power. It costs a flush for each transaction, for which only this thread waits.
    opened.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    chmodSync(file, 0o600);
    return opened;
  } catch (error) {
    opened.close();
    throw error;
  }
}
