import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const ENTRY = new URL(import.meta.resolve('@tribune/server/index.ts'));
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

/** One node of a cluster on this machine, as a process of its own that ends with this one. */
export class ClusterProcess {
  readonly id: string;
  readonly origin: string;
  readonly #env: Readonly<Record<string, string>>;
  #child: ChildProcess | null = null;
  #state: ProcessState = 'stopped';
  #isToldToEnd = false;
  #crashes: string[] = [];
  #log: string[] = [];

  constructor(id: string, origin: string, env: Readonly<Record<string, string>>) {
    this.id = id;
    this.origin = origin;
    this.#env = env;
  }

  get state(): ProcessState {
    return this.#state;
  }

  /** Undefined before the first start. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** How the process ended each time that nobody had told it to. */
  get crashes(): readonly string[] {
    return this.#crashes;
  }

  /** The last lines that the node has logged. */
  get log(): readonly string[] {
    return this.#log;
  }

  /** Resolves when people can come. @throws {Error} when the node does not come up; it is killed then */
  async start(): Promise<void> {
    if (this.#state !== 'stopped') return;
    this.#state = 'starting';
    this.#isToldToEnd = false;
    const child = this.#spawn();
    const exited = once(child, 'exit');
    const started = await Promise.race([
      once(child, 'message').then(() => true),
      exited.then(() => false),
      new Promise((resolve) => setTimeout(resolve, START_LIMIT_MS, false).unref()),
    ]);
    if (started) {
      this.#state = 'running';
      return;
    }
    this.kill();
    await exited;
    throw new Error([`Node ${this.id} did not come up`, ...this.#log].join('\n'));
  }

  /** Kills the node and its children at once, as when the machine is lost. */
  kill(): void {
    if (!this.#child?.pid || this.#state === 'stopped') return;
    this.#isToldToEnd = true;
    signalGroup(this.#child.pid, 'SIGKILL');
  }

  /** The node and its children stand still until `resume()`. */
  pause(): void {
    if (!this.#child?.pid || this.#state !== 'running') return;
    signalGroup(this.#child.pid, 'SIGSTOP');
    this.#state = 'paused';
  }

  resume(): void {
    if (!this.#child?.pid || this.#state !== 'paused') return;
    signalGroup(this.#child.pid, 'SIGCONT');
    this.#state = 'running';
  }

  /** Tells the node to stop as a deployment does; resolves when the process has ended. */
  async drain(): Promise<void> {
    if (!this.#child || this.#state === 'stopped') return;
    const ended = once(this.#child, 'exit');
    this.#state = 'draining';
    this.#isToldToEnd = true;
    this.#child.kill('SIGTERM');
    await ended;
  }

  /** Ends the process in whatever state it is. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (!child?.pid || this.#state === 'stopped') return;
    const ended = once(child, 'exit');
    this.#isToldToEnd = true;
    signalGroup(child.pid, 'SIGCONT');
    child.kill('SIGINT');
    const timer = setTimeout(() => this.kill(), STOP_LIMIT_MS);
    await ended;
    clearTimeout(timer);
  }

  #spawn(): ChildProcess {
    const { PATH = '', HOME = '' } = process.env;
    const child = fork(ENTRY, {
      env: { PATH, HOME, ...this.#env },
      execArgv: [],
      // A Ctrl-C in the terminal does not reach a session of its own: this process tells it to end.
      detached: true,
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    });
    this.#child = child;
    createInterface({ input: child.stderr! }).on('line', (line) => {
      this.#log = [...this.#log, line].slice(-KEPT_LINES);
    });
    child.once('exit', (code, signal) => {
      this.#state = 'stopped';
      if (!this.#isToldToEnd) this.#crashes.push(`node ${this.id} ended by itself (${signal ?? `exit code ${code}`})`);
    });
    return child;
  }
}

/** Sends a signal to the process and all that it has started. */
function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // The process has just ended by itself.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
