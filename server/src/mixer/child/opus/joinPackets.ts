import { LONGEST_OPUS_PACKET_MS, opusFrameMsOf } from '@tribune/shared/rtp/opus.ts';

const FRAME_COUNT_BITS = 0x3f;
const PADDING_BIT = 0x40;
const VARIABLE_BIT = 0x80;
/** A length of this and more takes two bytes (RFC 6716, section 3.2.1). */
const TWO_BYTES_FROM = 252;
const LONGEST_FRAME_BYTES = 1275;

/**
 * Makes one Opus packet of the frames of two, without encoding again (RFC 6716, section 3.2.5). It decodes to the same sound as the two.
 *
 * @returns null where they cannot be one packet: of two configurations, longer than 120 ms together, or malformed
 */
export function joinOpusPackets(first: Uint8Array, second: Uint8Array): Uint8Array | null {
  const [a, b] = [framesOf(first), framesOf(second)];
  if (!a || !b || first[0]! >> 2 !== second[0]! >> 2) return null;
  const frames = [...a, ...b];
  if (frames.length * opusFrameMsOf(first[0]!) > LONGEST_OPUS_PACKET_MS) return null;
  const lengths = frames.slice(0, -1).flatMap(({ length }) => encodeLength(length));
  const bytes = frames.reduce((sum, { length }) => sum + length, 2 + lengths.length);
  const joined = new Uint8Array(bytes);
  joined[0] = first[0]! | 3;
  joined[1] = VARIABLE_BIT | frames.length;
  joined.set(lengths, 2);
  let at = 2 + lengths.length;
  for (const frame of frames) {
    joined.set(frame, at);
    at += frame.length;
  }
  return joined;
}

/** The frames of a packet; null when it is malformed (RFC 6716, section 3.4). */
function framesOf(packet: Uint8Array): Uint8Array[] | null {
  if (packet.length === 0) return null;
  const frames = split(packet);
  return frames?.every(({ length }) => length <= LONGEST_FRAME_BYTES) ? frames : null;
}

function split(packet: Uint8Array): Uint8Array[] | null {
  const rest = packet.subarray(1);
  switch (packet[0]! & 3) {
    case 0:
      return [rest];
    case 1:
      return splitEvenly(rest, 2);
    case 2:
      return splitByLengths(rest, 2);
    default:
      return splitMany(rest);
  }
}

/** Code 3: a count, padding perhaps, and lengths where the frames differ in size. */
function splitMany(rest: Uint8Array): Uint8Array[] | null {
  const header = rest[0] ?? 0;
  const count = header & FRAME_COUNT_BITS;
  let at = 1;
  let padding = 0;
  if (header & PADDING_BIT) {
    let more = 255;
    while (more === 255) {
      more = rest[at++] ?? 0;
      padding += more === 255 ? 254 : more;
    }
  }
  const end = rest.length - padding;
  if (count === 0 || at > end) return null;
  const frames = rest.subarray(at, end);
  return header & VARIABLE_BIT ? splitByLengths(frames, count) : splitEvenly(frames, count);
}

function splitEvenly(bytes: Uint8Array, count: number): Uint8Array[] | null {
  const length = bytes.length / count;
  if (!Number.isInteger(length)) return null;
  return Array.from({ length: count }, (_, n) => bytes.subarray(n * length, (n + 1) * length));
}

/** Each frame but the last has its length at the beginning. */
function splitByLengths(bytes: Uint8Array, count: number): Uint8Array[] | null {
  const lengths: number[] = [];
  let at = 0;
  while (lengths.length < count - 1) {
    const low = bytes[at++];
    if (low === undefined) return null;
    lengths.push(low < TWO_BYTES_FROM ? low : low + 4 * (bytes[at++] ?? 0));
  }
  const frames: Uint8Array[] = [];
  for (const length of lengths) {
    frames.push(bytes.subarray(at, at + length));
    at += length;
  }
  if (at > bytes.length) return null;
  return [...frames, bytes.subarray(at)];
}

function encodeLength(length: number): number[] {
  if (length < TWO_BYTES_FROM) return [length];
  const low = TWO_BYTES_FROM + (length & 3);
  return [low, (length - low) / 4];
}
