import { setTimeout as sleep } from 'node:timers/promises';
import { ApiClient, QueuedError } from '@tribune/shared/ApiClient.ts';
import { createGuard } from '../../../loadtest/src/guard.ts';
import { encodeSpeeches, Stage } from '../../../loadtest/src/Stage.ts';
import type { Cluster } from '../Cluster.ts';
import { Witness } from './Witness.ts';

const ENTER_PER_SECOND = 20;

/** A room in which someone talks without a pause, and people on all nodes listen. */
export class Scene {
  readonly witnesses: readonly Witness[];
  /** Listeners that the cluster takes. */
  readonly capacity: number;
  readonly #stage: Stage;
  readonly #faults: string[];

  private constructor(stage: Stage, witnesses: readonly Witness[], capacity: number, faults: string[]) {
    this.#stage = stage;
    this.#faults = faults;
    this.witnesses = witnesses;
    this.capacity = capacity;
  }

  /** @throws {Failure} when it does not come about; nothing is left then */
  static async create(origin: string, listeners: number, capacity: number): Promise<Scene> {
    const speeches = await encodeSpeeches(1);
    const faults: string[] = [];
    const stage = await Stage.create({
      ...{ origin, guard: createGuard(false), speakers: 1, openMics: 1, isLive: true, follows: true },
      speeches: speeches.map((frames) => frames.filter(({ payload }) => payload !== null)),
      onLost: ({ reason }) => faults.push(`the speaker: ${reason}`),
    });
    const entering: Promise<Witness>[] = [];
    for (let index = 0; index < listeners; index++) {
      entering.push(Witness.enter(origin, stage.roomId, `Witness ${index + 1}`));
      await sleep(1000 / ENTER_PER_SECOND);
    }
    const entered = await Promise.allSettled(entering);
    const witnesses = entered.filter((it) => it.status === 'fulfilled').map(({ value }) => value);
    const scene = new Scene(stage, witnesses, capacity, faults);
    const refused = entered.find((it) => it.status === 'rejected');
    if (!refused) return scene;
    await scene.close();
    throw refused.reason;
  }

  get roomId(): string {
    return this.#stage.roomId;
  }

  /** What went wrong for good. */
  get faults(): readonly string[] {
    return [...this.#faults, ...this.witnesses.flatMap(({ lost }) => (lost === null ? [] : [`a listener: ${lost}`]))];
  }

  /** So many come within that time: each has to be let in, or told to wait. They stay for a while, and go. @throws {Error} */
  async crowd({ origin }: Cluster, people: number, withinMs: number): Promise<void> {
    const outcomes = await Promise.all(
      Array.from({ length: people }, async (_, index) => {
        await sleep((withinMs * index) / people);
        return this.#comeIn(origin, index);
      }),
    );
    const errors = outcomes.filter((outcome) => typeof outcome === 'string');
    await sleep(3000);
    for (const outcome of outcomes) if (outcome instanceof Witness) outcome.close();
    if (errors.length > 0) throw new Error(`${errors.length} of ${people} were refused: ${errors[0]}`);
    if (!outcomes.includes(null)) throw new Error('Nobody had to wait: the crowd was no crowd');
  }

  /** @returns null for who stands in the queue, else what went wrong */
  async #comeIn(origin: string, index: number): Promise<Witness | string | null> {
    const api = new ApiClient(origin);
    try {
      await api.createSession(`Visitor ${index + 1}`);
      await api.createTicket(this.roomId);
      return await Witness.enter(origin, this.roomId, `Visitor ${index + 1}`);
    } catch (error) {
      if (error instanceof QueuedError) return null;
      return error instanceof Error ? error.message : String(error);
    }
  }

  async close(): Promise<void> {
    for (const witness of this.witnesses) witness.close();
    await this.#stage.close();
  }
}
