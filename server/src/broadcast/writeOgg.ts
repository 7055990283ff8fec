import { OPUS_CLOCK_HZ } from '@tribune/shared/rtp.ts';
import type { FileTags } from './wholeFile.ts';
import { SAMPLE_MS, SAMPLE_TICKS } from './segment.ts';

/** Opus in Ogg (RFC 7845; pages as in RFC 3533, section 6). */

/** Says nothing: there is one stream in the file. The same each time, so that the same recording is the same file. */
const STREAM_SERIAL = 1;
const PAGE_MS = 1000;
const FIRST_PAGE = 0x02;
const LAST_PAGE = 0x04;
/** A stream of a room that is live tells these elsewhere. */
const UNTITLED: FileTags = { title: '', chapters: [] };
/** Before the first page of sound. */
export const HEAD_PAGES = 2;
/** What fits into the 65 kB of one page, with four bytes to a sign. */
const MAX_CHAPTERS = 100;
const MAX_TITLE = 100;
/** Of a length, in the table of a page. */
const LACING = 255;
const CHECKSUM_AT = 22;
/** Unreflected, as Ogg has it: that of Ethernet is another. */
const CRC_POLYNOMIAL = 0x04c1_1db7;

/** An Ogg file, page by page, of packets of a mix. */
export async function* writeOgg(packets: AsyncIterable<Uint8Array>, tags: FileTags): AsyncGenerator<Buffer> {
  yield oggHead(tags);
  let sequence = HEAD_PAGES;
  const perPage = Math.floor(PAGE_MS / SAMPLE_MS);
  let granule = 0;
  let waiting: Uint8Array[] = [];
  for await (const packet of packets) {
    // The last page has to say that it is, so that a full one waits for the packet after it.
    if (waiting.length === perPage) {
      yield page(waiting, { sequence: sequence++, flags: 0, granule });
      waiting = [];
    }
    waiting.push(packet);
    granule += SAMPLE_TICKS;
  }
  yield page(waiting, { sequence, flags: LAST_PAGE, granule });
}

/** What an Ogg stream of a mix begins with. */
export function oggHead(tags: FileTags = UNTITLED): Buffer {
  const pages = [identification(), comment(tags)];
  return Buffer.concat(
    pages.map((packet, sequence) => page([packet], { sequence, flags: sequence === 0 ? FIRST_PAGE : 0, granule: 0 })),
  );
}

/** A page in the midst of a stream. @param granule samples up to its end, at 48 kHz */
export function oggPage(packets: readonly Uint8Array[], sequence: number, granule: number): Buffer {
  return page(packets, { sequence, flags: 0, granule });
}

/** Mono, and nothing to skip: the encoder's first 6.5 ms are long over when a recording begins. */
function identification(): Buffer {
  const head = Buffer.alloc(19);
  head.write('OpusHead', 'latin1');
  head[8] = 1;
  head[9] = 1;
  head.writeUInt32LE(OPUS_CLOCK_HZ, 12);
  return head;
}

/** Title and chapters (Vorbis comments, with the chapter extension that players know). */
function comment({ title, chapters }: FileTags): Buffer {
  const comments = [
    ...(title === '' ? [] : [`TITLE=${title}`]),
    ...chapters.slice(0, MAX_CHAPTERS).flatMap((chapter, index) => {
      const name = `CHAPTER${String(index).padStart(3, '0')}`;
      return [`${name}=${clock(chapter.atMs)}`, `${name}NAME=${chapter.title.slice(0, MAX_TITLE).toWellFormed()}`];
    }),
  ];
  const count = Buffer.alloc(4);
  count.writeUInt32LE(comments.length);
  return Buffer.concat([Buffer.from('OpusTags'), withLength('Tribune'), count, ...comments.map(withLength)]);
}

function withLength(words: string): Buffer {
  const bytes = Buffer.from(words);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** `01:02:03.456` */
function clock(ms: number): string {
  const pad = (value: number, digits: number) => String(Math.floor(value)).padStart(digits, '0');
  return `${pad(ms / 3_600_000, 2)}:${pad((ms / 60_000) % 60, 2)}:${pad((ms / 1000) % 60, 2)}.${pad(ms % 1000, 3)}`;
}

interface PageHeader {
  readonly sequence: number;
  readonly flags: number;
  /** Samples up to the end of the page, at 48 kHz. */
  readonly granule: number;
}

function page(packets: readonly Uint8Array[], { sequence, flags, granule }: PageHeader): Buffer {
  const lacing = packets.flatMap(({ length }) => [
    ...Array.from({ length: Math.floor(length / LACING) }, () => LACING),
    length % LACING,
  ]);
  const header = Buffer.alloc(27);
  header.write('OggS', 'latin1');
  header[5] = flags;
  header.writeBigUInt64LE(BigInt(granule), 6);
  header.writeUInt32LE(STREAM_SERIAL, 14);
  header.writeUInt32LE(sequence, 18);
  header[26] = lacing.length;
  const bytes = Buffer.concat([header, Uint8Array.from(lacing), ...packets]);
  bytes.writeUInt32LE(checksum(bytes), CHECKSUM_AT);
  return bytes;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc & 0x8000_0000 ? CRC_POLYNOMIAL : 0);
  return crc;
});

function checksum(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) crc = (crc << 8) ^ CRC_TABLE[((crc >>> 24) ^ byte) & 0xff]!;
  return crc >>> 0;
}
