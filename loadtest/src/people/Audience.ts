import { addBehaviours, type BehaviourCounts, type BehaviourPlan } from './behaviour.ts';
import {
  sumAudienceCounts,
  type AudienceCount,
  type AudiencePartResults,
  type ListenerResult,
} from './AudiencePart.ts';
import { epochMs } from '../run/clock.ts';
import type { AudiencePartRequest } from './listenerCommands.ts';
import type { ListenerProcess } from './LocalProcess.ts';
import type { ProcessUsage } from '../run/ProcessMonitor.ts';
import type { ListenerKind } from './kinds.ts';
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
  readonly kinds: readonly ListenerKind[];
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
    kinds: readonly ListenerKind[],
    processes: readonly ListenerProcess[],
  ): Audience {
    const hands = processes.length;
    const dealt = deal(kinds, hands);
    return new Audience(
      deal(atMs, hands).map((share, hand) => ({
        process: processes[hand]!,
        atMs: share,
        kinds: dealt[hand]!,
      })),
    );
  }

  async prepare(request: Omit<AudiencePartRequest, 'kinds'>): Promise<void> {
    await this.#all(async ({ process, kinds }) => process.ask('create', { ...request, kinds }));
  }

  /** Resolves once everyone has heard something or failed. */
  async arrive(): Promise<void> {
    await this.#all(async ({ process, atMs }) => process.ask('arrive', atMs));
  }

  /** The room goes live: the time of those who wait begins. */
  async goLive(): Promise<void> {
    const now = epochMs();
    await this.#all(async ({ process }) => process.ask('goLive', now));
  }

  async count(): Promise<AudienceCount> {
    const counts = await this.#all(async ({ process }) => process.ask('count'));
    return sumAudienceCounts(counts);
  }

  /** Lets people act until `stopActing()`. */
  async startActing(plan: BehaviourPlan, seed: number): Promise<void> {
    const everyone = this.#members.reduce((sum, { kinds }) => sum + kinds.length, 0);
    await this.#all(async ({ process, kinds }, index) =>
      process.ask('startActing', plan, kinds.length / everyone, seed + index),
    );
  }

  /** Resolves once everyone is back in the room. */
  async stopActing(): Promise<BehaviourCounts> {
    return addBehaviours(await this.#all(async ({ process }) => process.ask('stopActing')));
  }

  async openWindow(): Promise<void> {
    await this.#all(async ({ process }) => process.ask('openWindow'));
  }

  async closeWindow(): Promise<{ readonly window: WindowResult; readonly usages: readonly ProcessUsage[] }> {
    const all = await this.#all(async ({ process }) => process.ask('closeWindow'));
    return {
      window: mergeWindows(all.map(({ window }) => window)),
      usages: all.map(({ usage }, at) => this.#placed(usage, at)),
    };
  }

  /** What there is, at any time; those whose process is gone are failed. */
  async results(): Promise<AudienceResults> {
    const all = await this.#all(async ({ process, kinds }): Promise<AudiencePartResults> => {
      const listeners = kinds.map((kind) => ({ ...LOST, kind }));
      const lost: AudiencePartResults = { listeners, ramp: null, arriving: null };
      return process.isAlive ? process.ask('results').catch(() => lost) : lost;
    });
    const ramps = all.flatMap(({ ramp }) => ramp ?? []);
    const firstMs = Math.min(...ramps.map((ramp) => ramp.firstEpochMs));
    const lastMs = Math.max(...ramps.map((ramp) => ramp.lastEpochMs));
    return {
      listeners: all.flatMap(({ listeners }) => listeners),
      rampMs: ramps.length === all.length ? lastMs - firstMs : null,
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

const LOST: Omit<ListenerResult, 'kind'> = {
  state: { kind: 'failed', reason: 'generator:lost' },
  joinMs: null,
  ttfaMs: null,
  refusals: 0,
};

/** In turn, so that each hand is a schedule of the same shape. */
export function deal<T>(items: readonly T[], hands: number): T[][] {
  return Array.from({ length: hands }, (_, hand) => items.filter((_item, index) => index % hands === hand));
}
