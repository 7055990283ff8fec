import { addBehaviours, type BehaviourCounts, type BehaviourPlan } from './behaviour.ts';
import { sumFleets, type FleetCount, type FleetResults, type ListenerResult } from './Fleet.ts';
import { epochMs } from './clock.ts';
import type { FleetRequest } from './fleetCommands.ts';
import type { GeneratorProcess } from './FleetProcess.ts';
import type { GeneratorUsage } from './Generator.ts';
import type { ListenerKind } from './kinds.ts';
import { mergeWindows, type WindowResult } from './SteadyWindow.ts';

export interface CrowdResults {
  readonly listeners: readonly ListenerResult[];
  /** First ticket request until everyone had arrived, in ms; null before. */
  readonly rampMs: number | null;
  /** Of each process while people arrived; null where it did not come to its end. */
  readonly arriving: readonly (GeneratorUsage | null)[];
}

interface Member {
  readonly process: GeneratorProcess;
  readonly atMs: readonly number[];
  readonly kinds: readonly ListenerKind[];
}

/** All simulated listeners, spread over processes: one event loop is not enough for a large room. */
export class Crowd {
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
    processes: readonly GeneratorProcess[],
  ): Crowd {
    const hands = processes.length;
    const dealt = deal(kinds, hands);
    return new Crowd(
      deal(atMs, hands).map((share, hand) => ({
        process: processes[hand]!,
        atMs: share,
        kinds: dealt[hand]!,
      })),
    );
  }

  async prepare(request: Omit<FleetRequest, 'kinds'>): Promise<void> {
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

  async count(): Promise<FleetCount> {
    const counts = await this.#all(async ({ process }) => process.ask('count'));
    return sumFleets(counts);
  }

  /** Lets people act until `sitStill()`. */
  async behave(plan: BehaviourPlan, seed: number): Promise<void> {
    const everyone = this.#members.reduce((sum, { kinds }) => sum + kinds.length, 0);
    await this.#all(async ({ process, kinds }, index) =>
      process.ask('behave', plan, kinds.length / everyone, seed + index),
    );
  }

  /** Resolves once everyone is back in their seat. */
  async sitStill(): Promise<BehaviourCounts> {
    return addBehaviours(await this.#all(async ({ process }) => process.ask('sitStill')));
  }

  async openWindow(): Promise<void> {
    await this.#all(async ({ process }) => process.ask('openWindow'));
  }

  async closeWindow(): Promise<{ readonly window: WindowResult; readonly usages: readonly GeneratorUsage[] }> {
    const all = await this.#all(async ({ process }) => process.ask('closeWindow'));
    return {
      window: mergeWindows(all.map(({ window }) => window)),
      usages: all.map(({ usage }, at) => this.#placed(usage, at)),
    };
  }

  /** What there is, at any time; those whose process is gone are failed. */
  async results(): Promise<CrowdResults> {
    const all = await this.#all(async ({ process, kinds }): Promise<FleetResults> => {
      const listeners = kinds.map((kind) => ({ ...LOST, kind }));
      const lost: FleetResults = { listeners, ramp: null, arriving: null };
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

  #placed(usage: GeneratorUsage, at: number): GeneratorUsage {
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
