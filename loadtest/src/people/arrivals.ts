import { createRandom, type Random } from '../random.ts';

/** From `atS` on, this many arrive per second; between two points the rate changes evenly. */
export interface RatePoint {
  readonly atS: number;
  readonly perSecond: number;
}

/**
 * How listeners come.
 * - `rate`: along the points, the last of which holds until everyone is there. One point is a steady rate.
 * - `flash`: the last `count` of them at one moment, the others before that at a steady rate.
 * - `launch`: around an announced start, which is when the room goes live; see `LAUNCH`.
 */
export type ArrivalPlan =
  | { readonly kind: 'rate'; readonly points: readonly RatePoint[]; readonly spacing: Spacing }
  | { readonly kind: 'flash'; readonly count: number; readonly perSecond: number; readonly spacing: Spacing }
  | { readonly kind: 'launch'; readonly spanS: number };

/** `poisson`: independent of each other, as people are. `even`: like a clock, for comparing servers. */
type Spacing = 'poisson' | 'even';

export interface Schedule {
  /** When each listener sets out, in ms from the beginning, ascending. */
  readonly atMs: readonly number[];
  /** When the room goes live; null when it is live from the beginning. */
  readonly liveMs: number | null;
}

/** Between the last of those who came before and the flash: long enough for them to be in. */
const FLASH_PAUSE_MS = 3000;

/**
 * The large events that failed were given out for a minute: nearly everybody came within the two minutes around it, most of
 * them just after. Arrival times are logistic about a few seconds after the start, cut off at both ends of the span. With the
 * span of four minutes, 95 % come within a minute of the centre, and the rate peaks at 1.5 % of all listeners per second.
 */
const LAUNCH = { spanS: 240, startShare: 0.5, centreShare: 0.5 + 5 / 240, scaleShare: 16.4 / 240 };
export const LAUNCH_SPAN_S = LAUNCH.spanS;

/** Plans who arrives when. The same plan, number and seed give the same schedule. */
export function planArrivals(plan: ArrivalPlan, listeners: number, seed: number): Schedule {
  const random = createRandom(seed);
  switch (plan.kind) {
    case 'rate':
      return { atMs: alongRate(plan.points, listeners, spacer(plan.spacing, random)), liveMs: null };
    case 'flash':
      return { atMs: withFlash(plan, listeners, random), liveMs: null };
    case 'launch':
      return { atMs: aroundStart(plan.spanS, listeners, random), liveMs: plan.spanS * 1000 * LAUNCH.startShare };
  }
}

/** Gaps between arrivals where one arrives per unit of time. */
function spacer(spacing: Spacing, random: Random): () => number {
  return spacing === 'even' ? () => 1 : () => -Math.log(1 - random());
}

/** Arrivals of rate 1, moved to where the expected number of arrivals is theirs: a Poisson process of changing rate. */
function alongRate(points: readonly RatePoint[], count: number, nextGap: () => number): number[] {
  const atMs: number[] = [];
  // The first one opens the schedule: nothing is gained by waiting for it.
  for (let expected = 0; atMs.length < count; expected += nextGap()) atMs.push(timeOf(expected, points) * 1000);
  return atMs;
}

/** The second by which `expected` people have come, were they to come exactly at the given rate. */
function timeOf(expected: number, points: readonly RatePoint[]): number {
  let rest = expected;
  for (const [index, { atS, perSecond }] of points.entries()) {
    const next = points[index + 1];
    if (!next) return atS + rest / perSecond;
    const lengthS = next.atS - atS;
    const within = ((perSecond + next.perSecond) / 2) * lengthS;
    if (rest <= within) return atS + solveRise(rest, perSecond, (next.perSecond - perSecond) / lengthS);
    rest -= within;
  }
  return 0;
}

/** Solves `rate * t + slope * t² / 2 = expected` for the first t, in the form that stays exact for small slopes. */
function solveRise(expected: number, rate: number, slope: number): number {
  if (expected === 0) return 0;
  return (2 * expected) / (rate + Math.sqrt(Math.max(0, rate * rate + 2 * slope * expected)));
}

function withFlash(plan: Extract<ArrivalPlan, { kind: 'flash' }>, listeners: number, random: Random): number[] {
  const { count, perSecond, spacing } = plan;
  const before = alongRate([{ atS: 0, perSecond }], Math.max(0, listeners - count), spacer(spacing, random));
  const flashMs = before.length > 0 ? before.at(-1)! + FLASH_PAUSE_MS : 0;
  return [...before, ...Array.from({ length: listeners - before.length }, () => flashMs)];
}

function aroundStart(spanS: number, listeners: number, random: Random): number[] {
  const { centreShare, scaleShare } = LAUNCH;
  const shareBefore = (share: number) => 1 / (1 + Math.exp((centreShare - share) / scaleShare));
  const [from, to] = [shareBefore(0), shareBefore(1)];
  const times = Array.from({ length: listeners }, () => {
    const share = from + random() * (to - from);
    return spanS * 1000 * (centreShare + scaleShare * Math.log(share / (1 - share)));
  });
  return times.map((ms) => Math.min(spanS * 1000, Math.max(0, ms))).sort((a, b) => a - b);
}
