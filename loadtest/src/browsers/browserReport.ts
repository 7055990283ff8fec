import { percentilesOf, round, roundOrNull, tally, type Percentiles } from '../hearing/stats.ts';
import type { BrowserState } from './BrowserListener.ts';
import { playoutOf, sumOf, type InboundCounts, type PlayoutFigures } from './inbound.ts';
import { SOUND_PROBE_HZ, ONE_OF_TWO, readSpeech, SAME_SPEECH, similarity } from './similarity.ts';

/** How much of a recording is compared at a time: all of it may hold a gap, and less of it is like too much. */
const COMPARED_S = 4;
const STEP_S = 2;

/** How real browsers fared, beside the simulated listeners, who are not among these. */
export interface BrowserReport {
  readonly asked: number;
  /** Heard sound, and heard it to the end. */
  readonly joined: number;
  readonly failed: readonly { readonly reason: string; readonly count: number }[];
  /** Joined, and what they played was recognised as what was said; null where that is not judged. */
  readonly recognised: number | null;
  /** What the similarity of a recognised voice is at least; null with more than two open microphones. */
  readonly recognisedFrom: number | null;
  /** The lowest of the similarities of those who joined. */
  readonly similarityMin: number | null;
  /** From the click that goes in to the first sample played. */
  readonly ttfaMs: Percentiles;
  /** All browsers together, from their first sample until everyone was in. */
  readonly arriving: PlayoutFigures;
  /** All browsers together, in the steady window. */
  readonly measuring: PlayoutFigures;
  /** Of Chromium with all its processes, of one core. */
  readonly cpuPct: { readonly arriving: number | null; readonly measuring: number | null };
  readonly each: readonly {
    readonly failed: string | null;
    readonly ttfaMs: number | null;
    readonly arriving: PlayoutFigures | null;
    readonly measuring: PlayoutFigures | null;
    /** Of what was heard in the window to what was said, 1 being the same. */
    readonly similarity: number | null;
    readonly recognised: boolean | null;
  }[];
}

export interface BrowserMeasurements {
  readonly each: readonly {
    readonly state: BrowserState;
    readonly ttfaMs: number | null;
    readonly arriving: InboundCounts | null;
    readonly measuring: InboundCounts | null;
    readonly recording: Float32Array | null;
  }[];
  /** Speakers who are not muted. */
  readonly voices: number;
  readonly speeches: readonly URL[];
  readonly cpuPct: BrowserReport['cpuPct'];
}

export async function buildBrowserReport(measured: BrowserMeasurements): Promise<BrowserReport> {
  const { each, voices, speeches, cpuPct } = measured;
  const originals = await Promise.all(speeches.map(async (file) => readSpeech(file)));
  const recognisedFrom = thresholdOf(voices);
  const all = each.map(({ state, ttfaMs, arriving, measuring, recording }) => {
    const alike = recording && bestSimilarity(recording, originals);
    return {
      failed: state.kind === 'listening' ? null : state.kind === 'failed' ? state.reason : 'ended early',
      ttfaMs: roundOrNull(ttfaMs, 1),
      arriving: arriving && playoutOf(arriving),
      measuring: measuring && playoutOf(measuring),
      similarity: roundOrNull(alike, 3),
      recognised: alike === null || recognisedFrom === null ? null : alike >= recognisedFrom,
    };
  });
  const joined = all.filter(({ failed }) => failed === null);
  const similarities = joined.flatMap((one) => one.similarity ?? []);
  const isJudged = joined.some(({ recognised }) => recognised !== null);
  return {
    asked: all.length,
    joined: joined.length,
    failed: tally(all.flatMap(({ failed }) => failed ?? [])),
    recognised: isJudged ? joined.filter(({ recognised }) => recognised).length : null,
    recognisedFrom,
    similarityMin: similarities.length > 0 ? Math.min(...similarities) : null,
    ttfaMs: percentilesOf(all.flatMap(({ ttfaMs }) => ttfaMs ?? [])),
    arriving: playoutOf(sumOf(each.flatMap(({ arriving }) => arriving ?? []))),
    measuring: playoutOf(sumOf(each.flatMap(({ measuring }) => measuring ?? []))),
    cpuPct: { arriving: roundOrNull(cpuPct.arriving, 1), measuring: roundOrNull(cpuPct.measuring, 1) },
    each: all,
  };
}

/** From what similarity on a voice is recognised among so many; null where they cover each other too much to say. */
function thresholdOf(voices: number): number | null {
  return [null, SAME_SPEECH, ONE_OF_TWO][voices] ?? null;
}

/** The best of some seconds at a time, to any of what was said. Null for a recording that is too short. */
export function bestSimilarity(recording: Float32Array, originals: readonly Float32Array[]): number | null {
  const length = COMPARED_S * SOUND_PROBE_HZ;
  let best: number | null = null;
  for (let start = 0; start + length <= recording.length; start += STEP_S * SOUND_PROBE_HZ) {
    for (const original of originals) {
      const alike = round(similarity(recording.subarray(start, start + length), original), 4);
      if (best === null || alike > best) best = alike;
    }
  }
  return best;
}
