import { OPUS_CLOCK_HZ } from '@tribune/shared/rtp.ts';
import { box, findBox, fullBox, readBoxes, text, u32, u64 } from './boxes.ts';
import { fragmentedMovie } from './opusTrack.ts';

/** Sound in one packet of the mix: a sample, in the words of the file format. */
export const SAMPLE_MS = 60;
export const SAMPLE_TICKS = (SAMPLE_MS * OPUS_CLOCK_HZ) / 1000;
export const SAMPLES_PER_SEGMENT = 50;
export const SEGMENT_MS = SAMPLE_MS * SAMPLES_PER_SEGMENT;

/** Of the event message that says who speaks in a segment. */
const VOICES_SCHEME = 'urn:tribune:voices';
/** The sample size of each sample follows; the data begins where the offset says. */
const TRUN_FLAGS = 0x201;
/** Offsets count from the `moof` box; the duration of all samples follows. */
const TFHD_FLAGS = 0x2_0008;
const TRACK_ID = 1;
const INDEX_DIGITS = 10;

/** Three seconds of a mix. */
export interface Segment {
  /** Multiples of 3 s since 1970, by the clock of the mix. */
  readonly index: number;
  readonly samples: readonly Uint8Array[];
  readonly voices: readonly VoiceLevels[];
}

/** How loud one voice is in each packet of a segment. */
export interface VoiceLevels {
  /** See `voiceIdOf`. */
  readonly voiceId: number;
  /** 0 where it does not speak, else 1 to 15, see `levelOf`. */
  readonly levels: Uint8Array;
}

/** Named by index, with digits enough that they sort as text. */
export function segmentName(index: number): string {
  return `${String(index).padStart(INDEX_DIGITS, '0')}.m4s`;
}

/** The initialization segment (ISO/IEC 23000-19, CMAF): the same for every room. */
export const INIT_SEGMENT = writeInitSegment();

function writeInitSegment(): Buffer {
  return Buffer.concat([box('ftyp', text('iso6'), u32(0), text('iso6cmfcmp41')), fragmentedMovie(SAMPLE_TICKS)]);
}

/** A media segment. The same segment is the same bytes wherever it is written. */
export function writeSegment({ index, samples, voices }: Segment): Buffer {
  return writeFragment({ firstSlot: index * SAMPLES_PER_SEGMENT, samples, voices }, index);
}

/** Some sound of a mix. */
export interface Fragment extends Omit<Segment, 'index'> {
  /** Of the first packet: multiples of 60 ms since 1970, by the clock of the mix. */
  readonly firstSlot: number;
}

/** @param number of the fragment in its stream, which rises */
export function writeFragment({ firstSlot, samples, voices }: Fragment, number: number): Buffer {
  const startTicks = firstSlot * SAMPLE_TICKS;
  const data = box('mdat', ...samples);
  const fragment = (dataOffset: number) =>
    box(
      'moof',
      fullBox('mfhd', 0, 0, u32(number)),
      box(
        'traf',
        fullBox('tfhd', 0, TFHD_FLAGS, u32(TRACK_ID, SAMPLE_TICKS)),
        fullBox('tfdt', 1, 0, u64(startTicks)),
        fullBox('trun', 0, TRUN_FLAGS, u32(samples.length, dataOffset, ...samples.map(({ length }) => length))),
      ),
    );
  return Buffer.concat([
    box('styp', text('msdh'), u32(0), text('msdhcmfs')),
    voicesMessage({ startTicks, durationTicks: samples.length * SAMPLE_TICKS, number, voices }),
    fragment(fragment(0).length + 8),
    data,
  ]);
}

/** What of a segment is needed to find its packets in a file. */
export interface SegmentLayout extends Omit<Segment, 'samples'> {
  readonly sampleBytes: readonly number[];
  /** Where the first packet begins. */
  readonly dataAt: number;
}

/** @returns null where these are not the bytes of a segment */
export function readSegment(bytes: Buffer): SegmentLayout | null {
  const index = findBox(bytes, 'moof/mfhd')?.content.readUInt32BE(4);
  const run = findBox(bytes, 'moof/traf/trun')?.content;
  const data = findBox(bytes, 'mdat');
  if (index === undefined || !run || !data) return null;
  const count = run.readUInt32BE(4);
  const sampleBytes = Array.from({ length: count }, (_, n) => run.readUInt32BE(12 + 4 * n));
  return { index, sampleBytes, dataAt: data.at, voices: readVoices(bytes, count) };
}

interface VoicesMessage extends Pick<Segment, 'voices'> {
  readonly startTicks: number;
  readonly durationTicks: number;
  readonly number: number;
}

/** An event message (ISO/IEC 23009-1, section 5.10.3.3): players pass over it. For each voice its id, and a level of 4 bits per packet. */
function voicesMessage({ startTicks, durationTicks, number, voices }: VoicesMessage): Buffer {
  const data = voices
    .toSorted((a, b) => a.voiceId - b.voiceId)
    .flatMap(({ voiceId, levels }) => [u32(voiceId), packLevels(levels)]);
  return fullBox(
    ...(['emsg', 1, 0] as const),
    ...[u32(OPUS_CLOCK_HZ), u64(startTicks), u32(durationTicks, number)],
    ...[text(`${VOICES_SCHEME}\0\0`), ...data],
  );
}

function readVoices(bytes: Buffer, count: number): VoiceLevels[] {
  const scheme = text(VOICES_SCHEME);
  const message = readBoxes(bytes).find(({ type, content }) => type === 'emsg' && content.indexOf(scheme) === 24);
  if (!message) return [];
  const data = message.content.subarray(24 + scheme.length + 2);
  const bytesEach = 4 + Math.ceil(count / 2);
  return Array.from({ length: Math.floor(data.length / bytesEach) }, (_, n) => {
    const entry = data.subarray(n * bytesEach, (n + 1) * bytesEach);
    return { voiceId: entry.readUInt32BE(0), levels: unpackLevels(entry.subarray(4), count) };
  });
}

function packLevels(levels: Uint8Array): Uint8Array {
  return Uint8Array.from(
    { length: Math.ceil(levels.length / 2) },
    (_, n) => (levels[2 * n]! << 4) | (levels[2 * n + 1] ?? 0),
  );
}

function unpackLevels(packed: Uint8Array, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, n) => (n % 2 === 0 ? packed[n >> 1]! >> 4 : packed[n >> 1]! & 0x0f));
}
