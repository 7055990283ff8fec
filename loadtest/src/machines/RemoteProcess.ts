import { Asked } from '../Asked.ts';
import type { CommandName, FleetCommands } from '../fleetCommands.ts';
import type { GeneratorProcess } from '../FleetProcess.ts';
import type { Machine } from './Machine.ts';

/** One process that runs listeners on another machine. */
export class RemoteProcess implements GeneratorProcess {
  readonly machine: string;
  readonly #machine: Machine;
  readonly #index: number;
  readonly #asked = new Asked();
  #closed = false;

  /** @param onLost once, with why, when it ends without being told to. */
  constructor(machine: Machine, { name, index }: { name: string; index: number }, onLost: (why: string) => void) {
    this.machine = name;
    this.#machine = machine;
    this.#index = index;
    machine.attach(index, {
      onAnswer: (message) => this.#asked.settle(message),
      onLost: (why) => {
        if (!this.#asked.end(why) || this.#closed) return;
        onLost(why);
      },
    });
  }

  get isAlive(): boolean {
    return this.#asked.isOpen;
  }

  async ask<N extends CommandName>(
    name: N,
    ...args: Parameters<FleetCommands[N]>
  ): Promise<Awaited<ReturnType<FleetCommands[N]>>> {
    return this.#asked.ask(name, args, (message) => {
      this.#machine.send({ kind: 'command', process: this.#index, message });
    });
  }

  /** With it goes the whole machine, which ends when it is let go. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#machine.close();
  }
}
