import type { ReactionKind } from '@tribune/shared/domain.ts';

type Counts = Partial<Record<ReactionKind, number>>;

/** What is new in counts that only grow. */
export class ReactionCounts {
  #known: Counts | null = null;

  /** Nothing of the first counts is new. Smaller ones are of a server that has begun anew. */
  take(counts: Counts): Counts {
    const known = this.#known;
    this.#known = counts;
    const kinds = Object.keys(counts) as ReactionKind[];
    const fresh = kinds.map((kind) => [kind, (counts[kind] ?? 0) - (known?.[kind] ?? 0)] as const);
    return known === null ? {} : Object.fromEntries(fresh.filter(([, count]) => count > 0));
  }

  forget(): void {
    this.#known = null;
  }
}
