/** Opus packets (RFC 6716, section 3), taken apart and put together without decoding them. */

const MAX_FRAME_BYTES = 1275;
/** 120 ms. */
const MAX_PACKET_TICKS = 5760;
/** Of a table of contents: how the frames are packed. */
const CODE_BITS = 0x03;
const VBR_BIT = 0x80;
const PADDING_BIT = 0x40;
const COUNT_BITS = 0x3f;
/** CELT, fullband, 20 ms, mono (table 2: configuration 31). */
const CELT_20_MS = 31 << 3;
const CELT_20_MS_TICKS = 960;
/** A CELT frame of digital silence: its first symbol says that nothing follows (section 4.3). */
const SILENT_FRAME = Uint8Array.of(0xff, 0xfe);

interface Frames {
  /** The table of contents without its code: configuration and number of channels. */
  readonly config: number;
  /** Of one frame, at 48 kHz. */
  readonly frameTicks: number;
  readonly frames: readonly Uint8Array[];
}

/**
 * Brings a packet to packets of one length, so that the same frames are the same bytes however they travelled: alone, or two packets
 * joined to one. What is returned is a copy.
 *
 * @returns null where that cannot be done: the packet is broken, or its frames do not fill packets of that length
 */
export function splitPacket(packet: Uint8Array, ticks: number): Uint8Array[] | null {
  const parsed = readFrames(packet);
  if (!parsed) return null;
  const { config, frameTicks, frames } = parsed;
  const perPacket = ticks / frameTicks;
  if (!Number.isInteger(perPacket) || frames.length % perPacket !== 0) return null;
  return Array.from({ length: frames.length / perPacket }, (_, n) =>
    joinFrames(config, frames.slice(n * perPacket, (n + 1) * perPacket)),
  );
}

/** Carries no sound: at most a table of contents and one byte, as an encoder sends it in silence (RFC 7587, section 3.1.3). */
export function isDiscontinuous(packet: Uint8Array): boolean {
  return packet.length <= 2;
}

/** A packet of digital silence, which decoders take for a frame like any other. @param ticks a multiple of 20 ms */
export function silentPacket(ticks: number): Uint8Array {
  return joinFrames(
    CELT_20_MS,
    Array.from({ length: ticks / CELT_20_MS_TICKS }, () => SILENT_FRAME),
  );
}

function readFrames(packet: Uint8Array): Frames | null {
  const [toc] = packet;
  if (toc === undefined) return null;
  const frames = cut(packet, toc & CODE_BITS);
  const frameTicks = frameTicksOf(toc);
  if (!frames || frames.some(({ length }) => length > MAX_FRAME_BYTES)) return null;
  if (frames.length * frameTicks > MAX_PACKET_TICKS) return null;
  return { config: toc & ~CODE_BITS, frameTicks, frames };
}

/** Table 2: SILK in 10, 20, 40 and 60 ms, hybrid in 10 and 20, CELT in 2.5, 5, 10 and 20. */
function frameTicksOf(toc: number): number {
  const config = toc >> 3;
  if (config < 12) return [480, 960, 1920, 2880][config & 3]!;
  if (config < 16) return [480, 960][config & 1]!;
  return [120, 240, 480, 960][config & 3]!;
}

function cut(packet: Uint8Array, code: number): Uint8Array[] | null {
  if (code === 0) return [packet.subarray(1)];
  if (code === 1) return cutEqually(packet, 1, packet.length, 2);
  if (code === 2) {
    const size = readSize(packet, 1);
    const middle = size && size.next + size.bytes;
    return middle && middle <= packet.length ? [packet.subarray(size.next, middle), packet.subarray(middle)] : null;
  }
  return cutMany(packet);
}

/** Section 3.2.5. */
function cutMany(packet: Uint8Array): Uint8Array[] | null {
  const header = packet[1];
  const count = (header ?? 0) & COUNT_BITS;
  if (header === undefined || count === 0) return null;
  let at = 2;
  let end = packet.length;
  if (header & PADDING_BIT) {
    let more = 255;
    while (more === 255) {
      more = packet[at++] ?? -1;
      end -= more === 255 ? 254 : more;
    }
    if (more < 0) return null;
  }
  if (!(header & VBR_BIT)) return cutEqually(packet, at, end, count);
  const sizes: number[] = [];
  while (sizes.length < count - 1) {
    const size = readSize(packet, at);
    if (!size) return null;
    sizes.push(size.bytes);
    at = size.next;
  }
  const frames = sizes.map((bytes) => packet.subarray(at, (at += bytes)));
  return at <= end ? [...frames, packet.subarray(at, end)] : null;
}

function cutEqually(packet: Uint8Array, from: number, to: number, count: number): Uint8Array[] | null {
  const bytes = (to - from) / count;
  if (!Number.isInteger(bytes) || bytes < 0) return null;
  return Array.from({ length: count }, (_, n) => packet.subarray(from + n * bytes, from + (n + 1) * bytes));
}

/** Section 3.2.1. */
function readSize(packet: Uint8Array, at: number): { bytes: number; next: number } | null {
  const first = packet[at];
  if (first === undefined) return null;
  if (first < 252) return { bytes: first, next: at + 1 };
  const second = packet[at + 1];
  return second === undefined ? null : { bytes: second * 4 + first, next: at + 2 };
}

/** The shortest packet of these frames. */
function joinFrames(config: number, frames: readonly Uint8Array[]): Uint8Array {
  const areEqual = frames.every(({ length }) => length === frames[0]!.length);
  const sized = areEqual ? [] : frames.slice(0, -1).flatMap(({ length }) => writeSize(length));
  return Buffer.concat([Uint8Array.from([...codeOf(config, frames.length, areEqual), ...sized]), ...frames]);
}

function codeOf(config: number, count: number, areEqual: boolean): number[] {
  if (count === 1) return [config];
  if (count === 2) return [config | (areEqual ? 1 : 2)];
  return [config | 3, (areEqual ? 0 : VBR_BIT) | count];
}

function writeSize(bytes: number): number[] {
  if (bytes < 252) return [bytes];
  const first = 252 + (bytes & 3);
  return [first, (bytes - first) / 4];
}
