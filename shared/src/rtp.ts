/** What the mixer and simulated clients read and write of RTP (RFC 3550) and its header extensions (RFC 8285). Of Node: not for the page. */

const VERSION_BITS = 0x80;
const PADDING_BIT = 0x20;
const EXTENSION_BIT = 0x10;
const CSRC_COUNT_BITS = 0x0f;
const MARKER_BIT = 0x80;
const FIXED_HEADER_BYTES = 12;
const ONE_BYTE_EXTENSION_PROFILE = 0xbede;
const EXTENSION_BYTES = 8;
const VOICE_ACTIVITY_BIT = 0x80;

/** Clock of every Opus stream in RTP, whatever its sampling rate (RFC 7587, section 4.1). */
export const OPUS_CLOCK_HZ = 48_000;

/**
 * The RTP timestamp of a moment, in ms since 1970, for a sender of Opus that stamps by the clock. It wraps every 24.8 hours, as
 * every RTP timestamp at that rate does.
 */
export function timestampAt(epochMs: number): number {
  return Math.round((epochMs * OPUS_CLOCK_HZ) / 1000) % 0x1_0000_0000;
}

/** Is this packet RTCP rather than RTP? With both on one port, RTCP types 192 to 223 tell (RFC 5761, section 4). */
export function isRtcp(packet: Uint8Array): boolean {
  const type = packet[1] ?? 0;
  return type >= 192 && type <= 223;
}

export function isRtp(packet: Uint8Array): boolean {
  return packet.length >= FIXED_HEADER_BYTES && (packet[0]! & 0xc0) === VERSION_BITS && !isRtcp(packet);
}

/** Of a packet that `isRtp`. */
export function sequenceNumberOf(packet: Buffer): number {
  return packet.readUInt16BE(2);
}

/** Of a packet that `isRtp`, in units of the stream's clock. */
export function timestampOf(packet: Buffer): number {
  return packet.readUInt32BE(4);
}

/** Of a packet that `isRtp`. */
export function ssrcOf(packet: Buffer): number {
  return packet.readUInt32BE(8);
}

/** Of a packet that `isRtp`. */
export function payloadTypeOf(packet: Uint8Array): number {
  return packet[1]! & ~MARKER_BIT;
}

/** Of a packet that `isRtp`. */
export function isMarked(packet: Uint8Array): boolean {
  return (packet[1]! & MARKER_BIT) !== 0;
}

/** Of a packet that `isRtp`: how many contributing sources it says that it has. */
export function csrcCountOf(packet: Uint8Array): number {
  return packet[0]! & CSRC_COUNT_BITS;
}

/** Contributing sources of a packet that `isRtp`: none when it is cut short. */
export function csrcsOf(packet: Buffer): number[] {
  const count = csrcCountOf(packet);
  if (packet.length < FIXED_HEADER_BYTES + count * 4) return [];
  return Array.from({ length: count }, (_, index) => packet.readUInt32BE(FIXED_HEADER_BYTES + index * 4));
}

/** What follows the header and its extensions, without padding; null when the packet is cut short. */
export function payloadOf(packet: Buffer): Buffer | null {
  let start = FIXED_HEADER_BYTES + csrcCountOf(packet) * 4;
  if (packet[0]! & EXTENSION_BIT) {
    if (packet.length < start + 4) return null;
    start += 4 + packet.readUInt16BE(start + 2) * 4;
  }
  const padding = packet[0]! & PADDING_BIT ? packet.at(-1)! : 0;
  const end = packet.length - padding;
  return start <= end ? packet.subarray(start, end) : null;
}

export interface RtpPacket {
  readonly payloadType: number;
  readonly sequenceNumber: number;
  readonly timestamp: number;
  readonly ssrc: number;
  /** Set on the first packet after a silence that was not sent (RFC 3551, section 4.1). */
  readonly marker: boolean;
  /** Contributing sources, 15 at most. */
  readonly csrcs?: readonly number[];
  /** Left out where the other side did not negotiate the extension. */
  readonly audioLevel?: AudioLevelExtension | undefined;
  readonly payload: Uint8Array;
}

/** Client-to-mixer audio level (RFC 6464). */
interface AudioLevelExtension {
  /** Negotiated id, 1 to 14. */
  readonly id: number;
  /** 0 (loudest) to 127 (digital silence): the level in -dBov. */
  readonly minusDbov: number;
  readonly voice: boolean;
}

export function writeRtp(packet: RtpPacket): Buffer {
  const { audioLevel, csrcs = [], payload } = packet;
  const extensionAt = FIXED_HEADER_BYTES + csrcs.length * 4;
  const headerBytes = extensionAt + (audioLevel ? EXTENSION_BYTES : 0);
  const bytes = Buffer.alloc(headerBytes + payload.length);
  bytes[0] = VERSION_BITS | (audioLevel ? EXTENSION_BIT : 0) | csrcs.length;
  bytes[1] = (packet.marker ? MARKER_BIT : 0) | packet.payloadType;
  bytes.writeUInt16BE(packet.sequenceNumber, 2);
  bytes.writeUInt32BE(packet.timestamp, 4);
  bytes.writeUInt32BE(packet.ssrc, 8);
  for (const [index, csrc] of csrcs.entries()) bytes.writeUInt32BE(csrc, FIXED_HEADER_BYTES + index * 4);
  if (audioLevel) {
    bytes.writeUInt16BE(ONE_BYTE_EXTENSION_PROFILE, extensionAt);
    bytes.writeUInt16BE(1, extensionAt + 2); // Length in 32-bit words: one element of two bytes, padded.
    bytes[extensionAt + 4] = audioLevel.id << 4; // Low half: length - 1.
    bytes[extensionAt + 5] = (audioLevel.voice ? VOICE_ACTIVITY_BIT : 0) | audioLevel.minusDbov;
  }
  bytes.set(payload, headerBytes);
  return bytes;
}
