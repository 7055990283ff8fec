import { createBirpc, type BirpcReturn } from 'birpc';
import type { ListenerCommands, ListenerProcess } from '../people/listenerCommands.ts';
import type { Machine } from './Machine.ts';

/** One process that runs listeners on another machine. */
export class RemoteProcess implements ListenerProcess {
  readonly machine: string;
  readonly rpc: BirpcReturn<ListenerCommands>;
  readonly #machine: Machine;
  #closed = false;

  /** @param onLost called once, with why, when it ends without being told to. */
  constructor(machine: Machine, { name, index }: { name: string; index: number }, onLost: (why: string) => void) {
    this.machine = name;
    this.#machine = machine;
    this.rpc = createBirpc<ListenerCommands>(
      {},
      {
        post: (message: unknown) => machine.send({ kind: 'message', process: index, message }),
        on: (onMessage) => {
          machine.attach(index, { onMessage, onLost: (why) => this.#handleLost(why, onLost) });
        },
        timeout: -1,
      },
    );
  }

  get isAlive(): boolean {
    return !this.rpc.$closed;
  }

  /** Lets go of the whole machine, which ends all its processes then. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#machine.close();
  }

  #handleLost(why: string, onLost: (why: string) => void): void {
    if (this.rpc.$closed) return;
    this.rpc.$close(new Error(why));
    if (!this.#closed) onLost(why);
  }
}
