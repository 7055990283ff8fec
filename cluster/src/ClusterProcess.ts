import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

const ENTRY = new URL('../../server/src/index.ts', import.meta.url);
const START_LIMIT_MS = 20_000;
const STOP_LIMIT_MS = 5000;

/**
 * - `starting`, `running`: as it says. - `paused`: stopped by a signal, as a machine that stands still.
 * - `draining`: told to stop, and moving its people away. - `stopped`: it has ended, whatever the cause.
 */
export type ProcessState = 'starting' | 'running' | 'paused' | 'draining' | 'stopped';

/** One node of a cluster on this machine, as a process of its own, which ends with this one. */
export class ClusterProcess {
  readonly id: string;
  readonly origin: string;
  readonly #env: Readonly<Record<string, string>>;
  #child: ChildProcess | null = null;
  #state: ProcessState = 'stopped';

  constructor(id: string, origin: string, env: Readonly<Record<string, string>>) {
    this.id = id;
    this.origin = origin;
    this.#env = env;
  }

  get state(): ProcessState {
    return this.#state;
  }

  /** Resolves when people can come. @throws {Error} when it does not come up */
  async start(): Promise<void> {
    if (this.#state !== 'stopped') return;
    this.#state = 'starting';
    const { PATH = '', HOME = '' } = process.env;
    // A session of its own, where a Ctrl-C does not reach it: it is told to end.
    const child = fork(ENTRY, { env: { PATH, HOME, ...this.#env }, execArgv: [], detached: true });
    this.#child = child;
    child.once('exit', () => {
      this.#state = 'stopped';
    });
    const started = await Promise.race([
      once(child, 'message').then(() => true),
      once(child, 'exit').then(() => false),
      new Promise((resolve) => setTimeout(resolve, START_LIMIT_MS, false).unref()),
    ]);
    if (!started) throw new Error(`Node ${this.id} did not come up`);
    this.#state = 'running';
  }

  /** As when the machine is lost: its media workers and its mixer go too. */
  kill(): void {
    if (this.#child?.pid && this.#state !== 'stopped') signalGroup(this.#child.pid, 'SIGKILL');
  }

  /** Stands still with all that belongs to it, until `resume()`. */
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

  /** Told to stop as a deployment does; resolves when it has. */
  async drain(): Promise<void> {
    if (!this.#child || this.#state === 'stopped') return;
    const ended = once(this.#child, 'exit');
    this.#state = 'draining';
    this.#child.kill('SIGTERM');
    await ended;
  }

  /** However it is, it ends. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (!child?.pid || this.#state === 'stopped') return;
    const ended = once(child, 'exit');
    signalGroup(child.pid, 'SIGCONT');
    child.kill('SIGINT');
    const timer = setTimeout(() => this.kill(), STOP_LIMIT_MS);
    await ended;
    clearTimeout(timer);
  }
}

/** To the process and all that it has started. */
function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // It has just ended by itself.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
