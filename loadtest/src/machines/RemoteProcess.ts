import { PendingCalls } from '../people/PendingCalls.ts';
import type { CommandName, ListenerCommands } from '../people/listenerCommands.ts';
import type { ListenerProcess } from '../people/LocalProcess.ts';
import type { Machine } from './Machine.ts';

/** One process that runs listeners on another machine. */
export class RemoteProcess implements ListenerProcess {
  readonly machine: string;
  readonly #machine: Machine;
  readonly #index: number;
  readonly #calls = new PendingCalls();
  #closed = false;

  /** @param onLost once, with why, when it ends without being told to. */
  constructor(machine: Machine, { name, index }: { name: string; index: number }, onLost: (why: string) => void) {
    this.machine = name;
    this.#machine = machine;
    this.#index = index;
    machine.attach(index, {
      onAnswer: (message) => this.#calls.settle(message),
      onLost: (why) => {
        if (!this.#calls.end(why) || this.#closed) return;
        onLost(why);
      },
    });
  }

  get isAlive(): boolean {
    return this.#calls.isOpen;
  }

  async ask<N extends CommandName>(
    name: N,
    ...args: Parameters<ListenerCommands[N]>
  ): Promise<Awaited<ReturnType<ListenerCommands[N]>>> {
    return this.#calls.ask(name, args, (message) => {
      this.#machine.send({ kind: 'command', process: this.#index, message });
    });
  }

  /** With it goes the whole machine, which ends when it is let go. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#machine.close();
  }
}
