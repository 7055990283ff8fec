import type { ReactionKind } from '@tribune/shared/domain.ts';

/** Of one person, over a socket or over HTTP. */
export const REACTION_RATE = { burst: 10, perSecond: 3 };

export type ReactionCounts = Partial<Record<ReactionKind, number>>;

/** Adds up what is sent on this node and on the others, whose totals come with their reports: a lost report loses none. */
export class Reactions {
  readonly #sentHere: ReactionCounts = {};
  readonly #totals = new Map<string, ReactionCounts>();
  #fresh: ReactionCounts = {};

  /** @returns how many there are on this node since it opened the room, by kind */
  get totals(): Readonly<ReactionCounts> {
    return this.#sentHere;
  }

  /** Those of all nodes, as far as this one has heard, by kind. */
  get totalsEverywhere(): ReactionCounts {
    const totals: ReactionCounts = {};
    for (const counts of [this.#sentHere, ...this.#totals.values()])
      for (const [kind, count] of Object.entries(counts) as [ReactionKind, number][]) increase(totals, kind, count);
    return totals;
  }

  add(kind: ReactionKind): void {
    increase(this.#sentHere, kind, 1);
    increase(this.#fresh, kind, 1);
  }

  /** @param totals as another node reports them @returns how many are new */
  takeTotals(nodeId: string, totals: ReactionCounts): number {
    const before = this.#totals.get(nodeId);
    this.#totals.set(nodeId, totals);
    // What was sent before this node first heard of the other was shown there long ago.
    if (!before) return 0;
    let added = 0;
    for (const [kind, total] of Object.entries(totals) as [ReactionKind, number][]) {
      const known = before[kind] ?? 0;
      // A node that was restarted counts from the beginning.
      const news = total >= known ? total - known : total;
      if (news > 0) increase(this.#fresh, kind, news);
      added += news;
    }
    return added;
  }

  /** Those of all nodes that the audience has not been told of. */
  get fresh(): Readonly<ReactionCounts> {
    return this.#fresh;
  }

  clearFresh(): void {
    this.#fresh = {};
  }
}

function increase(counts: ReactionCounts, kind: ReactionKind, by: number): void {
  counts[kind] = (counts[kind] ?? 0) + by;
}
