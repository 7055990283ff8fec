import { setTimeout as sleep } from 'node:timers/promises';
import { ApiClient, QueuedError } from '@tribune/shared/ApiClient.ts';
import { createGuard } from '../../../loadtest/src/guard.ts';
import { encodeSpeeches, Stage } from '../../../loadtest/src/people/Stage.ts';
import type { Cluster } from '../Cluster.ts';
import { LossyLinks } from './LossyLinks.ts';
import { Witness } from './Witness.ts';

const ENTER_PER_SECOND = 20;
/** After a fault, until everything is right again. */
const SETTLED_MS = 5000;
const POLL_MS = 200;
const COUNT_MS = 3000;
/** In packets of 60 ms. */
const MIX_PER_S = 1000 / 60;

/** A room in which someone talks without a pause, and people on all nodes listen. */
export class Scene {
  readonly witnesses: readonly Witness[];
  /** Listeners that the cluster takes. */
  readonly capacity: number;
  /** Between the nodes, for what goes through them. */
  readonly links = new LossyLinks();
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

  /** Waits until the cluster agrees on the room as it is. @throws {Error} when it does not within 5 s */
  async settle(cluster: Cluster): Promise<void> {
    let problem: string | null = 'unknown';
    for (const endMs = performance.now() + SETTLED_MS; problem && performance.now() < endMs; await sleep(POLL_MS))
      problem = await this.#findProblem(cluster);
    if (problem) throw new Error(problem);
    await this.#assertOneMix();
  }

  async #findProblem(cluster: Cluster): Promise<string | null> {
    const views = await cluster.view();
    const here = views.flatMap((view) =>
      (view?.rooms ?? [])
        .filter(({ roomId }) => roomId === this.roomId)
        .map((room) => ({ ...room, node: view?.nodeId })),
    );
    const homes = here.filter(({ home, node }) => home?.nodeId === node);
    if (homes.length !== 1) return `${homes.length} nodes say that they are the home`;
    const counted = here.reduce((sum, { listeners }) => sum + listeners, 0);
    const expected = this.witnesses.length;
    if (counted !== expected) return `The nodes have ${counted} listeners of ${expected}`;
    const api = new ApiClient(cluster.origin);
    const { listeners } = await api.getRoom(this.roomId).catch(() => ({ listeners: null }));
    return listeners === expected ? null : `The room says ${listeners} listeners, of ${expected}`;
  }

  /** Two mixes would bring twice the packets. */
  async #assertOneMix(): Promise<void> {
    const before = this.witnesses.map(({ packets }) => packets);
    await sleep(COUNT_MS);
    const rates = this.witnesses.map(({ packets }, index) => ((packets - before[index]!) * 1000) / COUNT_MS);
    const [least, most] = [Math.min(...rates), Math.max(...rates)];
    if (least < MIX_PER_S * 0.7 || most > MIX_PER_S * 1.3)
      throw new Error(`Afterwards a listener gets ${least} to ${most} packets/s, of a mix that has ${MIX_PER_S}`);
  }

  async close(): Promise<void> {
    this.links.close();
    for (const witness of this.witnesses) witness.close();
    await this.#stage.close();
  }
}
