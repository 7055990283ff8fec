import type { AnswerMessage, CommandMessage, CommandName, ListenerCommands } from './listenerCommands.ts';

/** What another process was asked and has not answered yet. */
export class PendingCalls {
  readonly #pending = new Map<number, PromiseWithResolvers<unknown>>();
  #nextId = 1;
  #ended = false;

  /** False once the other is gone. */
  get isOpen(): boolean {
    return !this.#ended;
  }

  /** @throws {Error} in the other's words, or when it is gone. */
  async ask<N extends CommandName>(
    name: N,
    args: Parameters<ListenerCommands[N]>,
    send: (message: CommandMessage) => void,
  ): Promise<Awaited<ReturnType<ListenerCommands[N]>>> {
    if (this.#ended) throw new Error('The process of the load test is gone');
    const id = this.#nextId++;
    const answer = Promise.withResolvers<unknown>();
    this.#pending.set(id, answer);
    send({ id, name, args });
    return (await answer.promise) as Awaited<ReturnType<ListenerCommands[N]>>;
  }

  settle({ id, result, error }: AnswerMessage): void {
    const answer = this.#pending.get(id);
    this.#pending.delete(id);
    if (error === undefined) answer?.resolve(result);
    else answer?.reject(new Error(error));
  }

  /** The other is gone. @returns false when that was known */
  end(why: string): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    for (const { reject } of this.#pending.values()) reject(new Error(why));
    this.#pending.clear();
    return true;
  }
}
