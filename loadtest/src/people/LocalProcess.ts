import { fork, type ChildProcess } from 'node:child_process';
import { PendingCalls } from './PendingCalls.ts';
import type { AnswerMessage, CommandMessage, CommandName, ListenerCommands } from './listenerCommands.ts';

const CLOSE_TIMEOUT_MS = 3000;

/** A process that runs listeners, on whatever machine. */
export interface ListenerProcess {
  /** Names where it runs: kernel counters are of a whole machine. */
  readonly machine: string;
  /** False once it ended, so that nothing can be known of its listeners. */
  readonly isAlive: boolean;
  ask<N extends CommandName>(
    name: N,
    ...args: Parameters<ListenerCommands[N]>
  ): Promise<Awaited<ReturnType<ListenerCommands[N]>>>;
  /** Ends it with everyone in it. */
  close(): Promise<void>;
}

/** One that runs here, seen from the main process. */
export class LocalProcess implements ListenerProcess {
  readonly machine = '';
  readonly #child: ChildProcess;
  readonly #calls = new PendingCalls();
  readonly #exited = Promise.withResolvers<void>();
  #closed = false;

  /**
   * @param onLost once, with why, when it ends without being told to
   * @param onAnswer in place of whoever asks, for one that is driven through `post()`
   */
  constructor(onLost: (why: string) => void, onAnswer?: (message: AnswerMessage) => void) {
    // Options of this process, such as a test runner's, are none of the child's.
    this.#child = fork(new URL('listenerProcess.ts', import.meta.url), { execArgv: [], serialization: 'advanced' });
    this.#child.on('message', (message) => (onAnswer ?? ((it) => this.#calls.settle(it)))(message as AnswerMessage));
    this.#child.on('error', () => undefined);
    this.#child.on('exit', (code, signal) => {
      this.#exited.resolve();
      const why = `a process of the load test ended (${signal ?? `exit code ${code}`})`;
      this.#calls.end(why);
      if (!this.#closed) onLost(why);
    });
  }

  get isAlive(): boolean {
    return this.#calls.isOpen && this.#child.connected;
  }

  async ask<N extends CommandName>(
    name: N,
    ...args: Parameters<ListenerCommands[N]>
  ): Promise<Awaited<ReturnType<ListenerCommands[N]>>> {
    if (!this.#child.connected) throw new Error('The process of the load test is gone');
    return this.#calls.ask(name, args, (message) => this.post(message));
  }

  /** Hands a command over that someone else waits for. */
  post(message: CommandMessage): void {
    if (this.#child.connected) this.#child.send(message);
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#child.connected) this.#child.disconnect();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), CLOSE_TIMEOUT_MS);
    await this.#exited.promise;
    clearTimeout(timer);
  }
}
