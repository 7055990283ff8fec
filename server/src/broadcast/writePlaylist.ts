import type { Piece } from './kept.ts';
import { SAMPLE_MS, SAMPLES_PER_SEGMENT, SEGMENT_MS } from './segment.ts';

const NAME = /^(\d{10})-(\d{1,2})-(\d{1,2})$/;

/** @param isComplete false while the recording goes on: players then ask again, and what was in the list stays in it */
export function writePlaylist(pieces: readonly Piece[], { isComplete }: { readonly isComplete: boolean }): string {
  let endSlot: number | null = null;
  const entries = pieces.flatMap((piece) => {
    const slot = piece.index * SAMPLES_PER_SEGMENT + piece.first;
    const isJump = endSlot !== null && slot !== endSlot;
    endSlot = slot + piece.count;
    const duration = ((piece.count * SAMPLE_MS) / 1000).toFixed(3);
    return [...(isJump ? ['#EXT-X-DISCONTINUITY'] : []), `#EXTINF:${duration},`, `${pieceName(piece)}.m4s`];
  });
  return [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    `#EXT-X-TARGETDURATION:${SEGMENT_MS / 1000}`,
    '#EXT-X-MEDIA-SEQUENCE:0',
    `#EXT-X-PLAYLIST-TYPE:${isComplete ? 'VOD' : 'EVENT'}`,
    '#EXT-X-INDEPENDENT-SEGMENTS',
    '#EXT-X-MAP:URI="init.mp4"',
    ...entries,
    ...(isComplete ? ['#EXT-X-ENDLIST'] : []),
    '',
  ].join('\n');
}

/** Says what is in it, so that one which is cut later is another. */
function pieceName({ index, first, count }: Piece): string {
  return `${String(index).padStart(10, '0')}-${first}-${count}`;
}

/** @returns null where this names none */
export function parsePieceName(name: string): Piece | null {
  const [, index, first, count] = NAME.exec(name) ?? [];
  return index === undefined ? null : { index: Number(index), first: Number(first), count: Number(count) };
}
