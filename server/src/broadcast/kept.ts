import { PAUSED, type RecordingDetail } from '../sql/recording.ts';

import { SAMPLE_MS, SAMPLES_PER_SEGMENT, SEGMENT_MS } from './segment.ts';

/** A part of a recording that is heard, in Unix time in ms. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** A segment is over when so much time has passed: the clocks of nodes differ. */
const OVER_AFTER_MS = 1000;

/** What was recorded, without the pauses that the host made. Of one that goes on, only segments that are over: no part of one is listed. */
export function recordedOf({ startedAt, endedAt, gaps, runs }: RecordingDetail, nowMs = Date.now()): Stretch[] {
  const overMs = Math.floor((nowMs - OVER_AFTER_MS) / SEGMENT_MS) * SEGMENT_MS;
  const lastEnd = Math.max(startedAt, ...runs.map(({ last }) => (last + 1) * SEGMENT_MS));
  const end = endedAt ?? Math.min(lastEnd, overMs);
  return subtract(
    [{ from: startedAt, to: end }],
    gaps.filter(({ reason }) => reason === PAUSED),
  );
}

/** What everyone hears: without what the host has cut out. */
export function keptOf(recording: RecordingDetail, nowMs = Date.now()): Stretch[] {
  return subtract(recordedOf(recording, nowMs), recording.cuts.map(wholePackets));
}

/** What of it lies within another. */
export function within(stretches: readonly Stretch[], { from, to }: Stretch): Stretch[] {
  return stretches
    .map((stretch) => ({ from: Math.max(stretch.from, from), to: Math.min(stretch.to, to) }))
    .filter((stretch) => stretch.from < stretch.to);
}

/** Packets of one segment that follow each other. */
export interface Piece {
  readonly index: number;
  /** Place of the first packet in the segment. */
  readonly first: number;
  readonly count: number;
}

/** What has to be taken of each segment, in the order of time. */
export function piecesOf(stretches: readonly Stretch[]): Piece[] {
  const slotOf = (ms: number) => Math.round(ms / SAMPLE_MS);
  const pieces: Piece[] = [];
  for (const { from, to } of stretches) {
    const end = slotOf(to);
    for (let slot = slotOf(from); slot < end;) {
      const index = Math.floor(slot / SAMPLES_PER_SEGMENT);
      const first = slot - index * SAMPLES_PER_SEGMENT;
      const count = Math.min(SAMPLES_PER_SEGMENT - first, end - slot);
      pieces.push({ index, first, count });
      slot += count;
    }
  }
  return pieces;
}

/** All packets in which something of the cut is heard. The one after it is among them: it repeats the one before (in-band FEC). */
function wholePackets({ from, to }: Stretch): Stretch {
  return {
    from: Math.floor(from / SAMPLE_MS) * SAMPLE_MS,
    to: (Math.ceil(to / SAMPLE_MS) + 1) * SAMPLE_MS,
  };
}

function subtract(stretches: readonly Stretch[], taken: readonly Stretch[]): Stretch[] {
  const inOrder = taken.toSorted((a, b) => a.from - b.from);
  return stretches.flatMap(({ from, to }) => {
    const left: Stretch[] = [];
    let at = from;
    for (const hole of inOrder) {
      if (hole.from > at) left.push({ from: at, to: Math.min(hole.from, to) });
      at = Math.max(at, hole.to);
    }
    if (at < to) left.push({ from: at, to });
    return left.filter((stretch) => stretch.from < stretch.to);
  });
}
