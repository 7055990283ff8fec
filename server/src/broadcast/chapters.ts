import type { ReplayChapter } from '@tribune/shared/recordings.ts';
import type { Chapter, RecordingDetail } from '../sql/recording.ts';

/** Whoever comes on stage within this of another begins the same chapter. */
const TOGETHER_MS = 30_000;

/** Those that its host made; where there are none, one for each time at which somebody comes on stage. */
export function chaptersOf({ chapters, stretches, cuts }: RecordingDetail): Chapter[] {
  if (chapters.length > 0) return [...chapters];
  const leftOut = new Set(cuts.map(({ userId }) => userId));
  const arrivals = stretches.filter(({ kind, person }) => kind === 'stage' && !leftOut.has(person.userId));
  const made: { at: number; names: Set<string> }[] = [];
  for (const { from, person } of arrivals.toSorted((a, b) => a.from - b.from)) {
    const last = made.at(-1);
    if (last && from - last.at <= TOGETHER_MS) last.names.add(person.name);
    else made.push({ at: from, names: new Set([person.name]) });
  }
  // One alone is the whole recording.
  if (made.length < 2) return [];
  return made.map(({ at, names }) => ({ id: `stage-${at}`, at, title: [...names].join(', '), automatic: true }));
}

/**
 * Those in which something of what they begin is left, by the time of a file.
 * @param toFileMs the time at which one hears what was said at a Unix time, or what is kept after it
 */
export function placeChapters(
  chapters: readonly Chapter[],
  toFileMs: (recordedMs: number) => number,
  durationMs: number,
): ReplayChapter[] {
  const byTime = new Map<number, ReplayChapter>();
  for (const { id, at, title, automatic } of chapters.toSorted((a, b) => a.at - b.at)) {
    const atMs = toFileMs(at);
    // Where all of one was cut out, the one after it begins at the same time.
    if (atMs < durationMs) byTime.set(atMs, { id, atMs, title, automatic });
  }
  return [...byTime.values()];
}
