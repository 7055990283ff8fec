import type { ReactionKind } from '@tribune/shared/domain.ts';

type ReactionCounts = Partial<Record<ReactionKind, number>>;

/** A pulse brings a reaction within this time, or not at all. */
const FORGET_MS = 6000;

/** What this page has sent and shown already, so that the pulse which brings it to everyone does not show it once more. */
export class OwnReactions {
  #shown: { readonly kind: ReactionKind; readonly at: number }[] = [];

  /** Returns a function that forgets it, for one that the server refused. */
  add(kind: ReactionKind, now: number): () => void {
    const own = { kind, at: now };
    this.#shown.push(own);
    return () => (this.#shown = this.#shown.filter((each) => each !== own));
  }

  /** @returns the reactions of a pulse without those that were shown already */
  withoutOwn(counts: ReactionCounts, now: number): ReactionCounts {
    const rest = { ...counts };
    this.#shown = this.#shown.filter(({ kind, at }) => {
      const left = rest[kind] ?? 0;
      if (left === 0) return now - at < FORGET_MS;
      if (left === 1) delete rest[kind];
      else rest[kind] = left - 1;
      return false;
    });
    return rest;
  }
}
