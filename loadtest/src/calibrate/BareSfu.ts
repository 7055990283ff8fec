import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { BareSfuCommands } from './bareSfuChild.ts';

/** The bare SFU, in a process of its own, so that nothing of it is counted as the load test's. */
export class BareSfu {
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, PromiseWithResolvers<unknown>>();
  #nextId = 1;
  #gone = false;

  private constructor(workerBin: string) {
    const env = { ...process.env, MEDIASOUP_WORKER_BIN: workerBin };
    const entry = new URL('bareSfuChild.ts', import.meta.url);
    this.#child = fork(entry, { execArgv: [], serialization: 'advanced', env });
    this.#child.on('error', () => undefined);
    this.#child.once('exit', () => {
      this.#gone = true;
      for (const { reject } of this.#pending.values()) reject(new Error('The media worker of the calibration ended'));
    });
    this.#child.on('message', ({ id, result, error }: { id: number; result?: unknown; error?: string }) => {
      const answer = this.#pending.get(id);
      this.#pending.delete(id);
      if (error === undefined) answer?.resolve(result);
      else answer?.reject(new Error(error));
    });
  }

  /** @param voices each of 50 packets a second */
  static async create(workerBin: string, voices: number): Promise<BareSfu> {
    const sfu = new BareSfu(workerBin);
    try {
      await sfu.ask('open', voices);
    } catch (error) {
      await sfu.close();
      throw error;
    }
    return sfu;
  }

  async ask<N extends keyof BareSfuCommands>(
    name: N,
    ...args: Parameters<BareSfuCommands[N]>
  ): Promise<Awaited<ReturnType<BareSfuCommands[N]>>> {
    if (this.#gone) throw new Error('The media worker of the calibration ended');
    const id = this.#nextId++;
    const answer = Promise.withResolvers<unknown>();
    this.#pending.set(id, answer);
    this.#child.send({ id, name, args });
    return (await answer.promise) as Awaited<ReturnType<BareSfuCommands[N]>>;
  }

  async close(): Promise<void> {
    if (this.#gone) return;
    const exited = once(this.#child, 'exit');
    this.#child.disconnect();
    await exited;
  }
}
