import { Worker } from 'node:worker_threads';
import { CompiledQuery, type DatabaseConnection, type Driver, type QueryResult } from 'kysely';

export interface SqliteCall {
  readonly id: number;
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

export type SqliteAnswer =
  | { readonly id: number; readonly rows: unknown[]; readonly changes: number }
  | { readonly id: number; readonly error: { readonly message: string; readonly errcode: number | null } };

/** What SQLite said; `errcode` is null where the fault is none of SQLite's. */
export class SqliteFailure extends Error {
  readonly errcode: number | null;

  constructor(message: string, errcode: number | null) {
    super(message);
    this.name = new.target.name;
    this.errcode = errcode;
  }
}

interface Pending {
  readonly resolve: (answer: { rows: unknown[]; changes: number }) => void;
  readonly reject: (error: SqliteFailure) => void;
}

/**
 * `node:sqlite` for Kysely, in a thread of its own: it is synchronous, and neither a slow disk nor another process that holds the
 * lock may stop the thread that serves people. There is one connection, which Kysely gives to one user at a time.
 */
export class SqliteDriver implements Driver {
  readonly #file: string;
  #connection: ThreadConnection | null = null;

  constructor(file: string) {
    this.#file = file;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    // A thread that has died took its transaction along, so whoever is in the middle of one must not go on in another.
    if (!this.#connection?.isAlive) this.#connection = new ThreadConnection(this.#file);
    return this.#connection;
  }

  /** Takes the lock for writing at once: two transactions that read before they write would otherwise refuse each other. */
  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    // Some failures, such as a full disk, have rolled back already: what failed then is what counts.
    await connection.executeQuery(CompiledQuery.raw('rollback')).catch(() => undefined);
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    await this.#connection?.close();
  }
}

class ThreadConnection implements DatabaseConnection {
  readonly #thread: Worker;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #isAlive = true;

  constructor(file: string) {
    this.#thread = new Worker(new URL('./sqliteThread.ts', import.meta.url), {
      workerData: { file },
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    this.#thread.unref();
    this.#thread.on('message', (answer: SqliteAnswer) => this.#handleAnswer(answer));
    this.#thread.on('error', (error) => this.#end((error as Error).message));
    this.#thread.on('exit', () => this.#end('The thread of the database has ended'));
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    if (!this.#isAlive) throw new SqliteFailure('The thread of the database has ended', null);
    const id = (this.#lastId += 1);
    const { rows, changes } = await new Promise<{ rows: unknown[]; changes: number }>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      // Nothing else keeps a process from ending while an answer is on its way.
      this.#thread.ref();
      this.#thread.postMessage({ id, sql, parameters } satisfies SqliteCall);
    });
    return { rows: rows as R[], numAffectedRows: BigInt(changes) };
  }

  // eslint-disable-next-line require-yield
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('Rows of SQLite are not streamed');
  }

  /** After what was asked before. */
  async close(): Promise<void> {
    await this.#thread.terminate();
  }

  #handleAnswer(answer: SqliteAnswer): void {
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if (this.#pending.size === 0) this.#thread.unref();
    if ('error' in answer) pending?.reject(new SqliteFailure(answer.error.message, answer.error.errcode));
    else pending?.resolve(answer);
  }

  #end(message: string): void {
    this.#isAlive = false;
    for (const { reject } of this.#pending.values()) reject(new SqliteFailure(message, null));
    this.#pending.clear();
  }
}
