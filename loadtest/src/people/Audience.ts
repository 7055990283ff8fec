import { addBehaviours, type BehaviourCounts, type BehaviourPlan } from './behaviour.ts';
import {
  sumAudienceCounts,
  type AudienceCount,
  type AudiencePartResults,
  type ListenerResult,
} from './AudiencePart.ts';
import { epochMs } from '../clock.ts';
import type { AudiencePartRequest, ListenerProcess } from './listenerCommands.ts';
import type { ProcessUsage } from '../ProcessMonitor.ts';
import type { ListenerPlan } from '../hearing/kinds.ts';
import { mergeWindows, type WindowResult } from '../hearing/SteadyWindow.ts';

export interface AudienceResults {
  readonly listeners: readonly ListenerResult[];
  /** First ticket request until everyone had arrived, in ms; null before. */
  readonly rampMs: number | null;
  /** Of each process while people arrived; null where it did not come to its end. */
  readonly arriving: readonly (ProcessUsage | null)[];
}

interface Member {
  readonly process: ListenerProcess;
  readonly atMs: readonly number[];
  readonly plans: readonly ListenerPlan[];
}

/** All simulated listeners, spread over processes: one event loop is not enough for a large room. */
export class Audience {
  readonly #members: readonly Member[];

  private constructor(members: readonly Member[]) {
    this.#members = members;
  }

  /**
   * Gives each process its share of the schedule. Sessions are made by `prepare()`.
   * @param processes those that are too many have nobody, and are closed with the others.
   */
  static create(
    atMs: readonly number[],
    plans: readonly ListenerPlan[],
    processes: readonly ListenerProcess[],
  ): Audience {
    const shares = processes.length;
    const dealt = deal(plans, shares);
    return new Audience(
      deal(atMs, shares).map((share, index) => ({
        process: processes[index]!,
        atMs: share,
        plans: dealt[index]!,
      })),
    );
  }

  async prepare(request: Omit<AudiencePartRequest, 'plans'>): Promise<void> {
    await this.#all(async ({ process, plans }) => process.rpc.create({ ...request, plans }));
  }

  /** Resolves once everyone has heard something or failed. */
  async arrive(): Promise<void> {
    await this.#all(async ({ process, atMs }) => process.rpc.arrive(atMs));
  }

  /** The room goes live: the time of those who wait begins. */
  async goLive(): Promise<void> {
    const now = epochMs();
    await this.#all(async ({ process }) => process.rpc.goLive(now));
  }

  async count(): Promise<AudienceCount> {
    const counts = await this.#all(async ({ process }) => process.rpc.count());
    return sumAudienceCounts(counts);
  }

  /** Lets people act until `stopActing()`. */
  async startActing(plan: BehaviourPlan, seed: number): Promise<void> {
    const everyone = this.#members.reduce((sum, { plans }) => sum + plans.length, 0);
    await this.#all(async ({ process, plans }, index) =>
      process.rpc.startActing(plan, plans.length / everyone, seed + index),
    );
  }

  /** Resolves once everyone is back in the room. */
  async stopActing(): Promise<BehaviourCounts> {
    return addBehaviours(await this.#all(async ({ process }) => process.rpc.stopActing()));
  }

  async openWindow(): Promise<void> {
    await this.#all(async ({ process }) => process.rpc.openWindow());
  }

  async closeWindow(): Promise<{ readonly window: WindowResult; readonly usages: readonly ProcessUsage[] }> {
    const all = await this.#all(async ({ process }) => process.rpc.closeWindow());
    return {
      window: mergeWindows(all.map(({ window }) => window)),
      usages: all.map(({ usage }, at) => this.#placed(usage, at)),
    };
  }

  /** What there is, at any time; those whose process is gone are failed. */
  async results(): Promise<AudienceResults> {
    const all = await this.#all(async ({ process, plans }): Promise<AudiencePartResults> => {
      const listeners = plans.map((plan) => ({ ...LOST, ...plan }));
      const lost: AudiencePartResults = { listeners, ramp: null, arriving: null };
      return process.isAlive ? process.rpc.results().catch(() => lost) : lost;
    });
    const ramps = all.flatMap(({ ramp }) => ramp ?? []);
    const firstMs = Math.min(...ramps.map((ramp) => ramp.firstEpochMs));
    const lastMs = Math.max(...ramps.map((ramp) => ramp.lastEpochMs));
    return {
      listeners: all.flatMap(({ listeners }) => listeners),
      rampMs: ramps.length > 0 && ramps.length === all.length ? lastMs - firstMs : null,
      arriving: all.map(({ arriving }, at) => arriving && this.#placed(arriving, at)),
    };
  }

  #placed(usage: ProcessUsage, at: number): ProcessUsage {
    return { ...usage, machine: this.#members[at]!.process.machine };
  }

  async close(): Promise<void> {
    await this.#all(async ({ process }) => process.close());
  }

  async #all<T>(ask: (member: Member, index: number) => Promise<T>): Promise<T[]> {
    return Promise.all(this.#members.map(ask));
  }
}

const LOST: Omit<ListenerResult, 'kind' | 'room'> = {
  state: { kind: 'failed', reason: 'generator:lost' },
  joinMs: null,
  ttfaMs: null,
  refusals: 0,
  mediaFailed: 0,
};

/** In turn, so that each share is a schedule of the same shape. */
export function deal<T>(items: readonly T[], shares: number): T[][] {
  return Array.from({ length: shares }, (_, at) => items.filter((_item, index) => index % shares === at));
}
