export interface OwnNginx {
  /** CPU time of its worker so far. */
  workerCpuMs(): Promise<number>;
  /** Ends it at once, with its connections. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** Finds an nginx on this machine, or installs one. */
export function ensureNginx(signal?: AbortSignal): Promise<void>;

/** Starts an nginx with what stands in the block `http`. It ends with this process. */
export function startNginx(http: string, port: number): Promise<OwnNginx>;
