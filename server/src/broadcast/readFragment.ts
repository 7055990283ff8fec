import type { Piece } from './kept.ts';
import { SAMPLES_PER_SEGMENT, writeFragment } from './segment.ts';
import type { SegmentLayouts } from './SegmentLayouts.ts';
import { SILENT_PACKET } from './silence.ts';

/** The packets of a piece, and no others, as a media segment; silence where the segment is missing. @throws {StorageError} where the storage is away */
export async function readFragment(layouts: SegmentLayouts, { index, first, count }: Piece): Promise<Buffer> {
  const layout = layouts.get(index);
  const firstSlot = index * SAMPLES_PER_SEGMENT + first;
  if (!layout) {
    const samples = Array.from({ length: count }, () => SILENT_PACKET);
    return writeFragment({ firstSlot, samples, voices: [] }, index);
  }
  const sizes = layout.sampleBytes.slice(first, first + count);
  const start = layout.dataAt + sum(layout.sampleBytes.slice(0, first));
  const bytes = await layouts.readBytes(index, { start, end: start + sum(sizes) - 1 });
  let at = 0;
  const samples = sizes.map((size) => bytes.subarray(at, (at += size)));
  const voices = layout.voices
    .map(({ voiceId, levels }) => ({ voiceId, levels: levels.slice(first, first + count) }))
    .filter(({ levels }) => levels.some((level) => level > 0));
  return writeFragment({ firstSlot, samples, voices }, index);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
