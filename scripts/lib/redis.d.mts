export interface OwnRedis {
  /** Path of its socket, which ioredis takes for a URL. */
  readonly url: string;
  /** Resolves when the server has ended, with the end of what it printed. */
  readonly exited: Promise<string>;
  stop(): Promise<void>;
}

export interface RedisOptions {
  /** Folder of its data, with `persist`. */
  readonly dir?: string;
  /** Whether what it holds survives a restart. */
  readonly persist?: boolean;
  /** Gives up the start. */
  readonly signal?: AbortSignal;
}

/** Finds a Redis server on this machine, or installs one. */
export function ensureRedis(signal?: AbortSignal): Promise<void>;

/** Path of a program that is a Redis server when it is called redis-server, or undefined. */
export function findRedis(): Promise<string | undefined>;

/** Starts a Redis server on a socket of its own. It ends with this process. */
export function startRedis(options?: RedisOptions): Promise<OwnRedis>;
