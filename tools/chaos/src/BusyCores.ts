import { fork, type ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** Keeps every core of this machine busy with processes of normal priority, since races show then. They end with this process. */
export class BusyCores {
  readonly #children: readonly ChildProcess[] = Array.from({ length: availableParallelism() }, () =>
    fork(new URL('busyCore.ts', import.meta.url), { execArgv: [] }),
  );

  close(): void {
    for (const child of this.#children) child.kill('SIGKILL');
  }
}
