import { REACTION_KINDS, type ReactionKind } from '@tribune/shared/domain.ts';

export interface Bubble {
  readonly id: number;
  readonly kind: ReactionKind;
  /** Percent of the lane's width. */
  readonly left: number;
  readonly delayMs: number;
  readonly drift: number;
  readonly size: number;
}

/** From its birth until it is gone, with the longest delay. */
export const BUBBLE_LIFE_MS = 4200;

const MAX_PER_PULSE = 14;
const SPREAD_MS = 900;

let lastId = 0;

/**
 * What one pulse looks like: every kind that came is seen, a crowd as a crowd, and never more than a few pictures.
 * @param random for tests.
 */
export function bubblesOf(
  counts: Partial<Record<ReactionKind, number>>,
  random: () => number = Math.random,
): readonly Bubble[] {
  const kinds = REACTION_KINDS.filter((kind) => (counts[kind] ?? 0) > 0);
  const total = kinds.reduce((sum, kind) => sum + (counts[kind] ?? 0), 0);
  const scale = Math.min(1, MAX_PER_PULSE / total);
  return kinds.flatMap((kind) =>
    Array.from({ length: Math.max(1, Math.floor((counts[kind] ?? 0) * scale)) }, () => ({
      id: ++lastId,
      kind,
      left: random() * 100,
      delayMs: Math.round(random() * SPREAD_MS),
      drift: Math.round((random() - 0.5) * 70),
      size: Math.round(28 + random() * 16),
    })),
  );
}
