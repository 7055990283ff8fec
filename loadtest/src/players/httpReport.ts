import { percentile, roundOrNull, tally } from '../hearing/stats.ts';
import type { HttpPlane, PlayerResult } from './Player.ts';

interface HttpFigures {
  readonly asked: number;
  /** Heard sound, and played to the end. */
  readonly joined: number;
  readonly failed: number;
  /** Times without anything to play, of all together. */
  readonly stalls: number;
  /** Times in which sound was missing between two pieces. */
  readonly gaps: number;
  /** Connections that were lost and made anew. */
  readonly reconnects: number;
  /** From setting out until it plays. */
  readonly firstSoundMs: Range;
  /** Seconds from what is said to what is heard, once a second within the window. */
  readonly behindLiveS: Range;
}

interface Range {
  readonly p50: number | null;
  readonly p95: number | null;
}

/** Of all players over HTTP, and of each plane by itself. */
export interface HttpReport extends HttpFigures {
  readonly reasons: readonly { readonly reason: string; readonly count: number }[];
  readonly planes: Readonly<Partial<Record<HttpPlane, HttpFigures>>>;
}

interface PlaneMeasurement {
  readonly plane: HttpPlane;
  readonly asked: number;
  readonly behindS: readonly number[];
}

export function reportHttp(results: readonly PlayerResult[], planes: readonly PlaneMeasurement[]): HttpReport {
  const all = {
    asked: planes.reduce((sum, { asked }) => sum + asked, 0),
    behindS: planes.flatMap(({ behindS }) => behindS),
  };
  const used = planes.filter(({ asked }) => asked > 0);
  return {
    ...figuresOf(results, all),
    reasons: tally(results.flatMap(({ isIn, failure }) => (isIn ? [] : [failure ?? 'unknown']))),
    planes: Object.fromEntries(
      used.map((measured) => [
        measured.plane,
        figuresOf(
          results.filter(({ plane }) => plane === measured.plane),
          measured,
        ),
      ]),
    ),
  };
}

function figuresOf(results: readonly PlayerResult[], { asked, behindS }: Omit<PlaneMeasurement, 'plane'>): HttpFigures {
  const joined = results.filter(({ isIn }) => isIn).length;
  const sum = (of: (result: PlayerResult) => number) => results.reduce((total, result) => total + of(result), 0);
  return {
    ...{ asked, joined, failed: asked - joined },
    stalls: sum(({ stalls }) => stalls),
    gaps: sum(({ gaps }) => gaps),
    reconnects: sum(({ reconnects }) => reconnects),
    firstSoundMs: rangeOf(
      results.flatMap(({ firstSoundMs }) => firstSoundMs ?? []),
      0,
    ),
    behindLiveS: rangeOf(behindS, 2),
  };
}

function rangeOf(values: readonly number[], digits: number): Range {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => roundOrNull(percentile(sorted, share), digits);
  return { p50: at(0.5), p95: at(0.95) };
}
