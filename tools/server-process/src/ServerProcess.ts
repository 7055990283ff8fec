import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const SERVER = fileURLToPath(import.meta.resolve('@tribune/server/index.ts'));
const START_LIMIT_MS = 20_000;
const STOP_LIMIT_MS = 10_000;
/** Of what a process printed, so many lines tell why it did not come up. */
const KEPT_LINES = 40;

export interface ServerProcessOptions {
  /** The whole environment of the process, but for PATH, HOME and MEDIASOUP_WORKER_BIN, which it inherits. */
  readonly env: NodeJS.ProcessEnv;
  /** A program that sends `{ type: 'ready', port }` to its parent; the server by default. */
  readonly entry?: string;
  readonly startLimitMs?: number;
  /** Takes each line that the process logs; they go to this process's standard error by default. */
  readonly onLog?: (line: string) => void;
  /** Gives up the start. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * A Tribune server as a process of its own, with the media workers and mixers that it starts. It leads a process group, so that
 * a Ctrl-C in the terminal does not reach it, and it ends when the process that started it is gone.
 */
export class ServerProcess {
  readonly pid: number;
  /** On which it answers HTTP. */
  readonly port: number;
  /** Resolves with the exit code, or with the signal that ended the process. */
  readonly exited: Promise<number | NodeJS.Signals>;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, pid: number, port: number, exited: ServerProcess['exited']) {
    this.#child = child;
    this.pid = pid;
    this.port = port;
    this.exited = exited;
  }

  /** Resolves when the server is ready. @throws {Error} when it does not come up; then nothing of it is left running. */
  static async start({ env, entry = SERVER, startLimitMs = START_LIMIT_MS, onLog, signal }: ServerProcessOptions) {
    signal?.throwIfAborted();
    const { PATH, HOME, MEDIASOUP_WORKER_BIN = '' } = process.env;
    const child = fork(entry, {
      env: { PATH, HOME, MEDIASOUP_WORKER_BIN, ...env },
      execArgv: [],
      detached: true,
      stdio: ['ignore', 'pipe', onLog ? 'pipe' : 'inherit', 'ipc'],
    });
    if (onLog) createInterface({ input: child.stderr! }).on('line', onLog);
    const exited = once(child, 'exit').then(([code, name]) => (code ?? name) as number | NodeJS.Signals);
    const lines = lastLinesOf(child);
    try {
      const port = await Promise.race([
        readyPort(child),
        exited.then((code) => Promise.reject(new Error(`The server ended with ${code} while it started`))),
        abortOrTimeout(startLimitMs, signal),
      ]);
      return new ServerProcess(child, child.pid!, port, exited);
    } catch (error) {
      signalGroup(child, 'SIGKILL');
      if (child.pid !== undefined) await exited;
      signal?.throwIfAborted();
      throw new Error([(error as Error).message, ...lines].join('\n'), { cause: error });
    }
  }

  get isRunning(): boolean {
    return isRunning(this.#child);
  }

  /** Sends a signal to the process alone, as a deployment does. */
  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Sends a signal to the process and to all that it has started: SIGKILL is the loss of a machine, SIGSTOP a machine that stands still. */
  signalAll(name: NodeJS.Signals): void {
    signalGroup(this.#child, name);
  }

  /** Asks the process to end, and kills it and all that it has started when it takes longer than `limitMs`. */
  async stop(name: NodeJS.Signals = 'SIGTERM', limitMs = STOP_LIMIT_MS): Promise<void> {
    if (!this.isRunning) return;
    this.signal(name);
    // A process that stands still hears nothing.
    this.signalAll('SIGCONT');
    const waiting = new AbortController();
    const limit = delay(limitMs, 'late' as const, { signal: waiting.signal }).catch(() => undefined);
    if ((await Promise.race([this.exited, limit])) === 'late') this.signalAll('SIGKILL');
    waiting.abort();
    await this.exited;
  }
}

async function readyPort(child: ChildProcess): Promise<number> {
  for (;;) {
    const [message] = (await once(child, 'message')) as [{ type?: unknown; port?: unknown }];
    if (message.type === 'ready' && typeof message.port === 'number') return message.port;
  }
}

async function abortOrTimeout(limitMs: number, signal?: AbortSignal): Promise<never> {
  const timeout = AbortSignal.timeout(limitMs);
  const ended = signal ? AbortSignal.any([timeout, signal]) : timeout;
  await once(ended, 'abort');
  throw new Error(`The server was not ready within ${limitMs} ms`);
}

/** Follows what the process prints, so that it never has to wait for a reader. */
function lastLinesOf(child: ChildProcess): readonly string[] {
  const lines: string[] = [];
  createInterface({ input: child.stdout! }).on('line', (line) => {
    lines.push(line);
    if (lines.length > KEPT_LINES) lines.shift();
  });
  return lines;
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

function signalGroup(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, name);
  } catch (error) {
    // All of them have just ended by themselves.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
