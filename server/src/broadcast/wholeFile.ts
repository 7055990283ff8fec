import type { ReplayChapter } from '@tribune/shared/recordings.ts';
import { box, fullBox, text, u32, u64, u8 } from './boxes.ts';
import { wholeMovie } from './opusTrack.ts';
import { SAMPLE_TICKS } from './segment.ts';

/** Boxes up to this size have a length of 32 bits. */
const MAX_SMALL_BOX = 0xffff_ffff;

/** Of 100 ns, in which the times of chapters are. */
const CHAPTER_TICKS_PER_MS = 10_000;
/** The box has a byte for the number of chapters, and one for the length of each title in bytes, four to a sign. */
const MAX_CHAPTERS = 255;
const MAX_TITLE = 60;
const UTF8_TEXT = 1;

/** What the file says of itself. */
export interface FileTags {
  readonly title: string;
  readonly chapters: readonly ReplayChapter[];
}

/** Samples that follow each other without a gap. */
export interface Chunk {
  readonly sampleBytes: readonly number[];
}

/**
 * Everything of an MP4 file (ISO/IEC 14496-14) up to its samples, which follow chunk by chunk. The tables come first, so that players
 * seek by asking for ranges.
 */
export function writeFileHead(chunks: readonly Chunk[], tags: FileTags): Buffer {
  const sampleBytes = chunks.flatMap((chunk) => chunk.sampleBytes);
  const dataBytes = sampleBytes.reduce((sum, bytes) => sum + bytes, 0);
  const type = box('ftyp', text('isom'), u32(0x200), text('isomiso2mp41'));
  const data =
    dataBytes + 8 > MAX_SMALL_BOX
      ? Buffer.concat([u32(1), text('mdat'), u64(dataBytes + 16)])
      : Buffer.concat([u32(dataBytes + 8), text('mdat')]);
  const durationTicks = sampleBytes.length * SAMPLE_TICKS;
  const movieAt = (dataAt: number) =>
    wholeMovie(
      durationTicks,
      [
        fullBox('stts', 0, 0, sampleBytes.length === 0 ? u32(0) : u32(1, sampleBytes.length, SAMPLE_TICKS)),
        samplesPerChunk(chunks),
        fullBox('stsz', 0, 0, u32(0, sampleBytes.length), numbers(sampleBytes, 4)),
        chunkOffsets(chunks, dataAt),
      ],
      userData(tags),
    );
  const dataAt = type.length + movieAt(0).length + data.length;
  return Buffer.concat([type, movieAt(dataAt), data]);
}

/** Title, as in iTunes, and chapters, as in Nero's files: what players read. */
function userData({ title, chapters }: FileTags): Buffer {
  const name = box('\u00a9nam', box('data', u32(UTF8_TEXT, 0), Buffer.from(title)));
  const handler = fullBox('hdlr', 0, 0, u32(0), text('mdir'), text('appl'), u32(0, 0), u8(0));
  const shown = chapters.slice(0, MAX_CHAPTERS);
  const entries = shown.flatMap((chapter) => {
    const words = Buffer.from(chapter.title.slice(0, MAX_TITLE).toWellFormed());
    return [u64(chapter.atMs * CHAPTER_TICKS_PER_MS), u8(words.length), words];
  });
  return box(
    'udta',
    fullBox('meta', 0, 0, handler, box('ilst', name)),
    ...(shown.length > 0 ? [fullBox('chpl', 1, 0, u32(0), u8(shown.length), ...entries)] : []),
  );
}

/** An entry for each chunk that has another number of samples than the one before. */
function samplesPerChunk(chunks: readonly Chunk[]): Buffer {
  const entries = chunks.flatMap(({ sampleBytes }, index) =>
    sampleBytes.length === chunks[index - 1]?.sampleBytes.length ? [] : [[index + 1, sampleBytes.length, 1]],
  );
  return fullBox('stsc', 0, 0, u32(entries.length), u32(...entries.flat()));
}

function chunkOffsets(chunks: readonly Chunk[], dataAt: number): Buffer {
  let at = dataAt;
  const offsets = chunks.map(({ sampleBytes }) => {
    const offset = at;
    at += sampleBytes.reduce((sum, bytes) => sum + bytes, 0);
    return offset;
  });
  return fullBox('co64', 0, 0, u32(chunks.length), numbers(offsets, 8));
}

function numbers(values: readonly number[], bytesEach: 4 | 8): Buffer {
  const bytes = Buffer.alloc(values.length * bytesEach);
  for (const [index, value] of values.entries()) {
    if (bytesEach === 4) bytes.writeUInt32BE(value, 4 * index);
    else bytes.writeBigUInt64BE(BigInt(value), 8 * index);
  }
  return bytes;
}
