import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createBirpc, type BirpcReturn } from 'birpc';
import type { ProcessUsage } from '../ProcessMonitor.ts';
import { deal } from '../people/Audience.ts';
import { HTTP_PLANES, type HttpPlane } from './Player.ts';
import type { PlayerCommands, PlayerPlan, PlayerWindow } from './playerCommands.ts';
import { reportHttp, type HttpReport } from './httpReport.ts';

interface Member {
  readonly child: ChildProcess;
  readonly rpc: BirpcReturn<PlayerCommands>;
}

interface PlayerAudienceOptions {
  readonly processes: number;
  /** The person at this machine vouches for a server on another machine. */
  readonly ownHost: boolean;
  /** Called with why, when a process ends without being told to. */
  readonly onLost: (why: string) => void;
}

/** Players over HTTP, beside the listeners over WebRTC, in processes of their own. */
export class PlayerAudience {
  readonly #members: readonly Member[];
  #plans: readonly PlayerPlan[] = [];
  #windows: readonly PlayerWindow[] = [];
  #isClosed = false;

  constructor({ processes, ownHost, onLost }: PlayerAudienceOptions) {
    this.#members = Array.from({ length: processes }, () => {
      const child = fork(new URL('playerChild.ts', import.meta.url), [JSON.stringify({ ownHost })], {
        ...{ execArgv: [], serialization: 'advanced' },
      });
      const rpc = createBirpc<PlayerCommands>(
        {},
        {
          post: (message) => void child.send(message as object, () => undefined),
          on: (listener) => void child.on('message', listener),
          timeout: -1,
        },
      );
      child.once('exit', () => {
        rpc.$close(new Error('The process is gone'));
        if (!this.#isClosed) onLost('a process of players ended');
      });
      return { child, rpc };
    });
  }

  /** Resolves once each plays or has failed. */
  async arrive(origin: string, plans: readonly PlayerPlan[]): Promise<void> {
    this.#plans = plans;
    const shares = deal(plans, this.#members.length);
    await Promise.all(this.#members.map(async ({ rpc }, at) => rpc.arrive(origin, shares[at]!)));
  }

  async openWindow(): Promise<void> {
    await Promise.all(this.#members.map(async ({ rpc }) => rpc.openWindow()));
  }

  async closeWindow(): Promise<ProcessUsage[]> {
    this.#windows = await Promise.all(this.#members.map(async ({ rpc }) => rpc.closeWindow()));
    return this.#windows.map(({ usage }) => usage);
  }

  async report(): Promise<HttpReport> {
    const all = await Promise.all(this.#members.map(async ({ rpc }) => rpc.results().catch(() => [])));
    const behindS = (plane: HttpPlane) => this.#windows.flatMap((window) => window.behindS[plane]);
    const asked = (plane: HttpPlane) => this.#plans.filter((plan) => plan.plane === plane).length;
    return reportHttp(
      all.flat(),
      HTTP_PLANES.map((plane) => ({ plane, asked: asked(plane), behindS: behindS(plane) })),
    );
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(
      this.#members.map(async ({ child }) => {
        if (!child.connected) return;
        child.disconnect();
        await once(child, 'exit');
      }),
    );
  }
}
