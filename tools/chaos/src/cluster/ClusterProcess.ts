import { ServerProcess } from '@tribune/server-process';

const START_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 5000;
const KEPT_LINES = 200;

/**
 * - `starting`, `running`: as it says.
 * - `paused`: stopped by a signal, as a machine that stands still.
 * - `draining`: told to stop, and moving its people away.
 * - `stopped`: the process has ended, whatever the cause.
 */
export type ProcessState = 'starting' | 'running' | 'paused' | 'draining' | 'stopped';

/** One node of a cluster on this machine, which can be started again and again. */
export class ClusterProcess {
  readonly id: string;
  readonly origin: string;
  readonly #env: Readonly<Record<string, string>>;
  #process: ServerProcess | null = null;
  #state: ProcessState = 'stopped';
  #isToldToEnd = false;
  readonly #crashes: string[] = [];
  #log: string[] = [];

  constructor(id: string, origin: string, env: Readonly<Record<string, string>>) {
    this.id = id;
    this.origin = origin;
    this.#env = env;
  }

  get state(): ProcessState {
    return this.#state;
  }

  /** @throws {Error} when the node does not run */
  get pid(): number {
    if (!this.#process) throw new Error(`Node ${this.id} does not run`);
    return this.#process.pid;
  }

  /** How the process ended each time that nobody had told it to. */
  get crashes(): readonly string[] {
    return this.#crashes;
  }

  /** The last lines that the node has logged. */
  get log(): readonly string[] {
    return this.#log;
  }

  /** Resolves when people can come. @throws {Error} when the node does not come up; nothing of it is left running then */
  async start(): Promise<void> {
    if (this.#state !== 'stopped') return;
    this.#state = 'starting';
    this.#isToldToEnd = false;
    const onLog = (line: string) => {
      this.#log = [...this.#log, line].slice(-KEPT_LINES);
    };
    try {
      const started = await ServerProcess.start({ env: this.#env, startLimitMs: START_LIMIT_MS, onLog });
      this.#process = started;
      this.#state = 'running';
      void started.exited.then((code) => this.#handleExit(code));
    } catch (error) {
      this.#state = 'stopped';
      throw new Error([`Node ${this.id} did not come up`, ...this.#log].join('\n'), { cause: error });
    }
  }

  /** Kills the node and its children at once, as when the machine is lost. */
  kill(): void {
    this.#isToldToEnd = true;
    this.#process?.signalAll('SIGKILL');
  }

  /** The node and its children stand still until `resume()`. */
  pause(): void {
    if (this.#state !== 'running') return;
    this.#process?.signalAll('SIGSTOP');
    this.#state = 'paused';
  }

  resume(): void {
    if (this.#state !== 'paused') return;
    this.#process?.signalAll('SIGCONT');
    this.#state = 'running';
  }

  /** Tells the node to stop as a deployment does; resolves when the process has ended. */
  async drain(): Promise<void> {
    const { exited } = this.#process ?? {};
    if (!exited) return;
    this.#state = 'draining';
    this.#isToldToEnd = true;
    this.#process?.signal('SIGTERM');
    await exited;
  }

  /** Ends the process in whatever state it is. */
  async stop(): Promise<void> {
    this.#isToldToEnd = true;
    await this.#process?.stop('SIGINT', STOP_LIMIT_MS);
  }

  #handleExit(code: number | NodeJS.Signals): void {
    this.#process = null;
    this.#state = 'stopped';
    if (!this.#isToldToEnd) this.#crashes.push(`node ${this.id} ended by itself (${code})`);
  }
}
