import { burstRatioOf, mosOf, ratingOf } from './emodel.ts';
import { Histogram } from './Histogram.ts';
import type { StreamCounts } from './SequenceTracker.ts';
import { NO_COUNTS, sumCounts } from './stats.ts';
import { mergeQualities, NO_QUALITY, type Quality } from './StreamQuality.ts';

/** Speech waits for its frame to be full before it goes anywhere. */
const FRAME_MS = 20;
/** What a browser's jitter buffer is taken to hold: two packets and some, and twice the jitter. */
const JITTER_BUFFER_MS = 60;
const JITTER_BUFFER_PER_JITTER = 2;

/** How one listener heard within the steady window. */
export interface Hearing {
  readonly counts: StreamCounts;
  readonly lost: number;
  readonly jitterMs: number;
  readonly quality: Quality;
  /** Less than the window for a listener who was away for a while. */
  readonly presentMs: number;
  /** Time without a sound to the end of the window; 0 for a listener who heard its end. */
  readonly silentMs: number;
}

/** How a group of listeners heard within the steady window. Goes through a structured clone. */
export interface GroupWindow {
  readonly listeners: number;
  /** Time that they were there, added up. */
  readonly listenerSeconds: number;
  readonly counts: StreamCounts;
  /** Gaps in the sequence, and, for those who heard no more, what they would have got. */
  readonly lost: number;
  readonly quality: Quality;
  /** One for each listener. */
  readonly jitterMs: readonly number[];
  readonly gaps: readonly number[];
  readonly longestGapMs: readonly number[];
  readonly mos: readonly number[];
}

export function describeGroup(hearings: readonly Hearing[]): GroupWindow {
  return {
    listeners: hearings.length,
    listenerSeconds: hearings.reduce((sum, { presentMs }) => sum + presentMs, 0) / 1000,
    counts: sumCounts(hearings.map(({ counts }) => counts)),
    lost: hearings.reduce((sum, { lost }) => sum + lost, 0),
    quality: mergeQualities(hearings.map(({ quality }) => quality)),
    jitterMs: hearings.map(({ jitterMs }) => jitterMs),
    gaps: hearings.map(({ quality, silentMs }) => quality.gaps + (silentMs > 0 ? 1 : 0)),
    longestGapMs: hearings.map(({ quality, silentMs }) => Math.max(quality.longestGapMs, silentMs)),
    mos: hearings.flatMap((hearing) => mosOfHearing(hearing) ?? []),
  };
}

export function mergeGroups(groups: readonly GroupWindow[]): GroupWindow {
  return {
    listeners: groups.reduce((sum, { listeners }) => sum + listeners, 0),
    listenerSeconds: groups.reduce((sum, { listenerSeconds }) => sum + listenerSeconds, 0),
    counts: sumCounts(groups.map(({ counts }) => counts)),
    lost: groups.reduce((sum, { lost }) => sum + lost, 0),
    quality: mergeQualities(groups.map(({ quality }) => quality)),
    jitterMs: groups.flatMap(({ jitterMs }) => jitterMs),
    gaps: groups.flatMap(({ gaps }) => gaps),
    longestGapMs: groups.flatMap(({ longestGapMs }) => longestGapMs),
    mos: groups.flatMap(({ mos }) => mos),
  };
}

export const NO_GROUP: GroupWindow = {
  listeners: 0,
  listenerSeconds: 0,
  counts: NO_COUNTS,
  lost: 0,
  quality: NO_QUALITY,
  jitterMs: [],
  gaps: [],
  longestGapMs: [],
  mos: [],
};

/** Null where there was nothing to hear. A latency that could not be measured counts as none. */
function mosOfHearing({ counts, lost, jitterMs, quality }: Hearing): number | null {
  const sent = lost + counts.received;
  if (sent <= 0) return null;
  const lossShare = lost / sent;
  const networkMs = Math.max(0, new Histogram(quality.latencyBins).at(0.5) ?? 0);
  return mosOf(
    ratingOf({
      lossShare,
      burstRatio: burstRatioOf(quality.lostInRuns, quality.lossRuns, lossShare),
      delayMs: networkMs + FRAME_MS + JITTER_BUFFER_MS + JITTER_BUFFER_PER_JITTER * jitterMs,
    }),
  );
}
