import { OPUS_CLOCK_HZ } from '@tribune/shared/rtp.ts';
import { box, fullBox, text, u16, u32, u64, u8, zeros } from './boxes.ts';

/** One track of mono Opus in the ISO base media file format ("Encapsulation of Opus in ISO Base Media File Format", version 0.8.1). */

const TRACK_ID = 1;
const UNITY = 0x1_0000;
const IDENTITY_MATRIX = u32(UNITY, 0, 0, 0, UNITY, 0, 0, 0, 0x4000_0000);
const UNDETERMINED_LANGUAGE = 0x55c4;
/** Enabled, in the presentation. */
const TRACK_FLAGS = 3;
/** The data is in this file. */
const SELF_CONTAINED = 1;

/** The tables that say where the samples are; a fragmented file has none, since its fragments say so. */
interface SampleTables {
  readonly durationTicks: number;
  readonly tables: readonly Uint8Array[];
  /** What says that it is fragmented, or what it says of itself. */
  readonly extension: Uint8Array;
}

const EMPTY_TABLES = [
  fullBox('stts', 0, 0, u32(0)),
  fullBox('stsc', 0, 0, u32(0)),
  fullBox('stsz', 0, 0, u32(0, 0)),
  fullBox('stco', 0, 0, u32(0)),
];

/** The `moov` box of a fragmented file. */
export function fragmentedMovie(sampleTicks: number): Buffer {
  const extension = box('mvex', fullBox('trex', 0, 0, u32(TRACK_ID, 1, sampleTicks, 0, 0)));
  return movie({ durationTicks: 0, tables: EMPTY_TABLES, extension });
}

/** The `moov` box of a file that is whole. */
export function wholeMovie(durationTicks: number, tables: readonly Uint8Array[], extension: Uint8Array): Buffer {
  return movie({ durationTicks, tables, extension });
}

function movie({ durationTicks, tables, extension }: SampleTables): Buffer {
  return box(
    'moov',
    fullBox(
      ...(['mvhd', 1, 0] as const),
      ...[u64(0), u64(0), u32(OPUS_CLOCK_HZ), u64(durationTicks)],
      ...[u32(UNITY), u16(0x100), zeros(10), IDENTITY_MATRIX, zeros(24), u32(TRACK_ID + 1)],
    ),
    box(
      'trak',
      fullBox(
        ...(['tkhd', 1, TRACK_FLAGS] as const),
        ...[u64(0), u64(0), u32(TRACK_ID, 0), u64(durationTicks), zeros(8)],
        ...[u16(0), u16(0), u16(0x100), u16(0), IDENTITY_MATRIX, u32(0, 0)],
      ),
      box(
        'mdia',
        fullBox(
          'mdhd',
          1,
          0,
          u64(0),
          u64(0),
          u32(OPUS_CLOCK_HZ),
          u64(durationTicks),
          u16(UNDETERMINED_LANGUAGE),
          u16(0),
        ),
        fullBox('hdlr', 0, 0, u32(0), text('soun'), zeros(12), text('Tribune\0')),
        box(
          'minf',
          fullBox('smhd', 0, 0, u32(0)),
          box('dinf', fullBox('dref', 0, 0, u32(1), fullBox('url ', 0, SELF_CONTAINED))),
          box('stbl', sampleDescription(), ...tables),
        ),
      ),
    ),
    extension,
  );
}

/**
 * Nothing is skipped at the beginning, as a recording begins in the midst of a stream: the encoder's first 6.5 ms are long over.
 */
function sampleDescription(): Buffer {
  const specific = box('dOps', u8(0), u8(1), u16(0), u32(OPUS_CLOCK_HZ), u16(0), u8(0));
  const entry = box(
    'Opus',
    ...[zeros(6), u16(1), zeros(8), u16(1), u16(16), u32(0), u16(OPUS_CLOCK_HZ), u16(0)],
    specific,
  );
  return fullBox('stsd', 0, 0, u32(1), entry);
}
