import { percentilesOf, type Percentiles } from '../hearing/stats.ts';

/** What listeners do once they are in, at random times. All zero is an audience that sits still. */
export interface BehaviourPlan {
  /** Share of all listeners, in percent, that leaves in each minute and comes back soon. */
  readonly churnPct: number;
  /** Share of all listeners, in percent, whose socket is cut in each minute. */
  readonly reconnectPct: number;
  /** By the whole audience, per second. */
  readonly reactionsPerS: number;
  /** Hands raised by the whole audience in each minute, each lowered again soon. */
  readonly handsPerMinute: number;
}

/** What was done, and what came of it. Counts of several processes add up. */
export interface BehaviourCounts {
  readonly left: number;
  readonly returned: number;
  readonly cut: number;
  /** Listeners whose connection was cut, who went on with the same media, and who got new media. */
  readonly kept: number;
  readonly rebuilt: number;
  readonly reactions: number;
  readonly hands: number;
  /** Reactions and hands that the server turned down, or did not answer. */
  readonly refused: number;
  /** How long each return took, from the ticket request to the first audio, in ms. */
  readonly returnMs: readonly number[];
  /** How long each cut lasted, until the next welcome, in ms. */
  readonly reconnectMs: readonly number[];
}

/** As the report tells it. */
export interface BehaviourReport extends Omit<BehaviourCounts, 'returnMs' | 'reconnectMs'> {
  readonly returnMs: Percentiles;
  readonly reconnectMs: Percentiles;
  /** Times that a speaker was muted or unmuted. */
  readonly mutes: number;
}

export const NO_BEHAVIOUR: BehaviourCounts = {
  left: 0,
  returned: 0,
  cut: 0,
  kept: 0,
  rebuilt: 0,
  reactions: 0,
  hands: 0,
  refused: 0,
  returnMs: [],
  reconnectMs: [],
};

export function isStill({ churnPct, reconnectPct, reactionsPerS, handsPerMinute }: BehaviourPlan): boolean {
  return churnPct + reconnectPct + reactionsPerS + handsPerMinute === 0;
}

export function addBehaviours(all: readonly BehaviourCounts[]): BehaviourCounts {
  return all.reduce(
    (sum, counts) => ({
      left: sum.left + counts.left,
      returned: sum.returned + counts.returned,
      cut: sum.cut + counts.cut,
      kept: sum.kept + counts.kept,
      rebuilt: sum.rebuilt + counts.rebuilt,
      reactions: sum.reactions + counts.reactions,
      hands: sum.hands + counts.hands,
      refused: sum.refused + counts.refused,
      returnMs: [...sum.returnMs, ...counts.returnMs],
      reconnectMs: [...sum.reconnectMs, ...counts.reconnectMs],
    }),
    NO_BEHAVIOUR,
  );
}

export function describeBehaviour(counts: BehaviourCounts, mutes: number): BehaviourReport {
  return {
    ...counts,
    returnMs: percentilesOf(counts.returnMs),
    reconnectMs: percentilesOf(counts.reconnectMs),
    mutes,
  };
}
