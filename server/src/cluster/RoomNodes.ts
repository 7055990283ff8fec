import type { Person, ReactionKind, RoomInfo } from '@tribune/shared/domain.ts';
import type { Endpoint } from '../mixer/mixerMessages.ts';

/** What one node says of one room, once a second: all of it anew, so that whoever missed one has missed nothing. */
export interface RoomReport {
  readonly roomId: string;
  readonly nodeId: string;
  /** Of the record that the node has. */
  readonly seq: number;
  /** Connected there and not on stage. */
  readonly listeners: number;
  readonly faces: readonly Person[];
  /** Connections, those on stage included. */
  readonly present: number;
  /** Of those on stage, with a hand up or invited, who is connected there. */
  readonly placed: readonly string[];
  /** Since its last report. */
  readonly reactions: Partial<Record<ReactionKind, number>>;
  /** Where its mixer takes the mix from other nodes; null while it has no listeners. */
  readonly mix: Endpoint | null;
  /** Of the home: for the list of rooms. */
  readonly info: RoomInfo | null;
}

/** After that, a silent node is not waited for any more. */
const SILENT_LIFE_MS = 600_000;

/** The other nodes that have people of one room, as they reported last. A node that is dead has nobody. */
export class RoomNodes {
  readonly #isAlive: (nodeId: string) => boolean;
  readonly #now: () => number;
  readonly #reports = new Map<string, RoomReport & { readonly heardAt: number }>();

  constructor(isAlive: (nodeId: string) => boolean, now: () => number = () => performance.now()) {
    this.#isAlive = isAlive;
    this.#now = now;
  }

  take(report: RoomReport): void {
    this.#reports.set(report.nodeId, { ...report, heardAt: this.#now() });
  }

  /**
   * Where the mix is wanted. A node that is silent may be cut off from Redis and not from its listeners: it goes on getting what it
   * asked for last, which costs next to nothing should it be dead.
   */
  get mixEndpoints(): readonly Endpoint[] {
    for (const [nodeId, { heardAt }] of this.#reports)
      if (this.#now() - heardAt > SILENT_LIFE_MS && !this.#isAlive(nodeId)) this.#reports.delete(nodeId);
    return [...this.#reports.values()].map(({ mix }) => mix).filter((mix) => mix !== null);
  }

  /** It says that it is not the home any more. */
  forgetClaim(nodeId: string): void {
    const report = this.#reports.get(nodeId);
    if (report) this.#reports.set(nodeId, { ...report, info: null });
  }

  get reports(): readonly RoomReport[] {
    return [...this.#reports.values()].filter(({ nodeId }) => this.#isAlive(nodeId));
  }

  get listeners(): number {
    return this.reports.reduce((sum, { listeners }) => sum + listeners, 0);
  }

  get present(): number {
    return this.reports.reduce((sum, { present }) => sum + present, 0);
  }

  get faces(): readonly Person[] {
    return this.reports.flatMap(({ faces }) => faces);
  }

  /** Is this person, who has a place, a hand or an invitation, connected to one of them? */
  has(userId: string): boolean {
    return this.reports.some(({ placed }) => placed.includes(userId));
  }

  /** The newest record that any of them has. */
  get seq(): number {
    return Math.max(0, ...this.reports.map(({ seq }) => seq));
  }
}
