import { linkTo } from '../client/basePath.ts';
import { isRecord, readStored, writeStored } from '../client/storage.ts';

const KEY = 'tribune.replays';
const MAX_KEPT = 50;
/** Whoever has heard it nearly to the end begins anew. */
const NEAR_END_MS = 10_000;
const NEAR_END_SHARE = 0.05;

/** Where one was in a recording, in ms; 0 where one never was, or had heard it. */
export function loadPosition(recordingId: string, durationMs: number): number {
  const kept = readKept().find(([id]) => id === recordingId)?.[1] ?? 0;
  return kept < durationMs - Math.min(NEAR_END_MS, durationMs * NEAR_END_SHARE) ? kept : 0;
}

/** Remembers it in this browser, for the last recordings heard. */
export function savePosition(recordingId: string, positionMs: number): void {
  const others = readKept().filter(([id]) => id !== recordingId);
  writeStored(KEY, Object.fromEntries([...others, [recordingId, Math.round(positionMs)]].slice(-MAX_KEPT)));
}

function readKept(): [string, number][] {
  const kept = readStored(KEY);
  if (!isRecord(kept)) return [];
  return Object.entries(kept).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
}

/** The moment that a link names, `#t=83.5` in seconds (W3C Media Fragments, section 4.2.1); null where it names none. */
export function momentOf(hash: string): number | null {
  const seconds = Number(/^#t=(\d+(?:\.\d+)?)$/.exec(hash)?.[1] ?? NaN);
  return Number.isNaN(seconds) ? null : seconds * 1000;
}

export function linkToClip(recordingId: string, clipId: string): string {
  return linkTo(`/r/${recordingId}/clip/${clipId}`);
}

/** @param page of the recording or of a clip */
export function linkToMoment(page: string, positionMs: number): string {
  return linkTo(`${page}#t=${Math.floor(positionMs / 1000)}`);
}
