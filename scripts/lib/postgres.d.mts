export interface OwnPostgres {
  readonly url: string;
  /** Ends the server and keeps its data. */
  halt(): Promise<void>;
  /** Starts it again, with the data that it had. */
  resume(): Promise<void>;
  /** Ends it for good. */
  stop(): Promise<void>;
}

/** Finds a PostgreSQL on this machine, or installs one. */
export function ensurePostgres(signal?: AbortSignal): Promise<void>;

/** Starts a PostgreSQL with an empty database on a socket of its own. It ends with this process. */
export function startPostgres(): Promise<OwnPostgres>;
