/** Timescale of the sound that Tribune sends over HTTP. */
export const TICKS_PER_S = 48_000;

const HEADER_BYTES = 8;
/** In `tfhd`: there is a default duration of a sample. */
const TFHD_DEFAULT_DURATION = 0x8;
/** In `tfhd`: offsets count from the `moof`. */
const BASE_IS_MOOF = 0x2_0000;

/** Sound that can be played at once. */
export interface SoundFragment {
  /** Of its beginning, since 1970, by the clock of the mix. */
  readonly startTicks: number;
  readonly durationTicks: number;
  readonly packets: readonly Buffer[];
}

/** Reads fragmented MP4 (ISO/IEC 14496-12) as it comes, in pieces of any length, as far as a player of one Opus track has to. */
export class FragmentReader {
  #unread: Buffer = Buffer.alloc(0);
  #movie: Omit<SoundFragment, 'packets'> & { readonly sizes: readonly number[] } = {
    ...{ startTicks: 0, durationTicks: 0, sizes: [] },
  };
  /** Has it begun with an initialization segment of Opus? Without one, a player plays nothing. */
  hasInit = false;

  /** @throws {Error} where these are no such bytes */
  push(bytes: Buffer): SoundFragment[] {
    const fragments: SoundFragment[] = [];
    this.#unread = this.#unread.length === 0 ? bytes : Buffer.concat([this.#unread, bytes]);
    while (this.#unread.length >= HEADER_BYTES) {
      const size = this.#unread.readUInt32BE(0);
      if (size < HEADER_BYTES) throw new Error(`A box of ${size} bytes`);
      if (size > this.#unread.length) break;
      const content = this.#unread.subarray(HEADER_BYTES, size);
      const fragment = this.#read(this.#unread.toString('latin1', 4, HEADER_BYTES), content);
      if (fragment) fragments.push(fragment);
      this.#unread = this.#unread.subarray(size);
    }
    return fragments;
  }

  #read(type: string, content: Buffer): SoundFragment | null {
    if (type === 'moov') this.hasInit = content.includes('Opus') && content.includes('dOps');
    if (type === 'moof') this.#movie = readMoof(content);
    if (type !== 'mdat') return null;
    const { sizes, ...times } = this.#movie;
    let at = 0;
    const packets = sizes.map((size) => content.subarray(at, (at += size)));
    if (at !== content.length) throw new Error(`Samples of ${at} bytes in a box of ${content.length}`);
    return { ...times, packets };
  }
}

function readMoof(moof: Buffer) {
  const traf = find(moof, 'traf');
  const header = find(traf, 'tfhd');
  if (header.readUInt32BE(0) !== (BASE_IS_MOOF | TFHD_DEFAULT_DURATION)) throw new Error('tfhd is not as it was');
  const ticksEach = header.readUInt32BE(8);
  const run = find(traf, 'trun');
  const count = run.readUInt32BE(4);
  const sizes = Array.from({ length: count }, (_, n) => run.readUInt32BE(12 + 4 * n));
  const startTicks = Number(find(traf, 'tfdt').readBigUInt64BE(4));
  return { startTicks, durationTicks: count * ticksEach, sizes };
}

/** The content of a box within another. */
function find(bytes: Buffer, type: string): Buffer {
  for (let at = 0; at + HEADER_BYTES <= bytes.length;) {
    const size = bytes.readUInt32BE(at);
    if (size < HEADER_BYTES) break;
    if (bytes.toString('latin1', at + 4, at + HEADER_BYTES) === type)
      return bytes.subarray(at + HEADER_BYTES, at + size);
    at += size;
  }
  throw new Error(`No ${type}`);
}
