import { fork, type ChildProcess } from 'node:child_process';
import { createBirpc, type BirpcReturn } from 'birpc';
import type { ListenerChildOptions, ListenerCommands, ListenerProcess } from './listenerCommands.ts';

const CLOSE_TIMEOUT_MS = 3000;

/** A process of this machine that runs listeners, seen from the main process. */
export class LocalProcess implements ListenerProcess {
  readonly machine = '';
  readonly rpc: BirpcReturn<ListenerCommands>;
  readonly #child: ChildProcess;
  readonly #exited = Promise.withResolvers<void>();
  #closed = false;

  /** @param onLost called once, with why, when it ends without being told to */
  constructor(options: ListenerChildOptions, onLost: (why: string) => void) {
    // Options of this process, such as a test runner's, are none of the child's.
    this.#child = fork(new URL('listenerChild.ts', import.meta.url), [JSON.stringify(options)], {
      ...{ execArgv: [], serialization: 'advanced' },
    });
    this.rpc = createBirpc<ListenerCommands>(
      {},
      { post: (message) => this.post(message), on: (listener) => this.onMessage(listener), timeout: -1 },
    );
    this.#child.on('error', () => undefined);
    this.#child.on('exit', (code, signal) => {
      this.#exited.resolve();
      const why = `a process of the load test ended (${signal ?? `exit code ${code}`})`;
      this.rpc.$close(new Error(why));
      if (!this.#closed) onLost(why);
    });
  }

  get isAlive(): boolean {
    return this.#child.connected;
  }

  /** Hands over a message of someone else's calls. */
  post(message: unknown): void {
    if (!this.#child.connected) throw new Error('The process of the load test is gone');
    this.#child.send(message as object);
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#child.on('message', listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#child.connected) this.#child.disconnect();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), CLOSE_TIMEOUT_MS);
    await this.#exited.promise;
    clearTimeout(timer);
  }
}
