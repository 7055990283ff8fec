import { fork, type ChildProcess } from 'node:child_process';
import type { AnswerMessage, CommandName, FleetCommands } from './fleetCommands.ts';

const CLOSE_TIMEOUT_MS = 3000;

/** One process that runs listeners, seen from the main one. */
export class FleetProcess {
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #exited = Promise.withResolvers<void>();
  #nextId = 1;
  #closed = false;
  #lost = false;

  /** @param onLost once, with why, when it ends without being told to. */
  constructor(onLost: (why: string) => void) {
    // Options of this process, such as a test runner's, are none of the child's.
    this.#child = fork(new URL('fleetChild.ts', import.meta.url), { execArgv: [], serialization: 'advanced' });
    this.#child.on('message', (message) => this.#settle(message as AnswerMessage));
    this.#child.on('error', () => undefined);
    this.#child.on('exit', (code, signal) => {
      this.#exited.resolve();
      const why = `a process of the load test ended (${signal ?? `exit code ${code}`})`;
      this.#lost = true;
      for (const { reject } of this.#pending.values()) reject(new Error(why));
      this.#pending.clear();
      if (!this.#closed) onLost(why);
    });
  }

  /** False once it ended, so that nothing can be known of its listeners. */
  get isAlive(): boolean {
    return !this.#lost;
  }

  async ask<N extends CommandName>(
    name: N,
    ...args: Parameters<FleetCommands[N]>
  ): Promise<Awaited<ReturnType<FleetCommands[N]>>> {
    if (this.#lost || !this.#child.connected) throw new Error('The process of the load test is gone');
    const id = this.#nextId++;
    const answer = Promise.withResolvers<unknown>();
    this.#pending.set(id, answer);
    this.#child.send({ id, name, args });
    return (await answer.promise) as Awaited<ReturnType<FleetCommands[N]>>;
  }

  /** Ends it with everyone in it. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#child.connected) this.#child.disconnect();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), CLOSE_TIMEOUT_MS);
    await this.#exited.promise;
    clearTimeout(timer);
  }

  #settle({ id, result, error }: AnswerMessage): void {
    const answer = this.#pending.get(id);
    this.#pending.delete(id);
    if (error === undefined) answer?.resolve(result);
    else answer?.reject(new Error(error));
  }
}
