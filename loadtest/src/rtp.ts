/** The few fields of RTP (RFC 3550), its header extensions (RFC 8285) and RTCP that a simulated client reads and writes. */

const VERSION_BITS = 0x80;
const PADDING_BIT = 0x20;
const EXTENSION_BIT = 0x10;
const MARKER_BIT = 0x80;
const FIXED_HEADER_BYTES = 12;
const ONE_BYTE_EXTENSION_PROFILE = 0xbede;
const EXTENSION_BYTES = 8;
const VOICE_ACTIVITY_BIT = 0x80;

const SENDER_REPORT = 200;
const RECEIVER_REPORT = 201;
const RECEIVER_REPORT_BYTES = 32;

/** Clock of every Opus stream in RTP, whatever its sampling rate (RFC 7587, section 4.1). */
export const OPUS_CLOCK_HZ = 48_000;

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
export function payloadTypeOf(packet: Buffer): number {
  return packet[1]! & 0x7f;
}

/** What a packet that `isRtp` carries, decrypted; null when its header says more than it holds. */
export function payloadOf(packet: Buffer): Buffer | null {
  let start = FIXED_HEADER_BYTES + 4 * (packet[0]! & 0x0f);
  if (packet[0]! & EXTENSION_BIT) {
    if (start + 4 > packet.length) return null;
    start += 4 + 4 * packet.readUInt16BE(start + 2);
  }
  const end = packet.length - (packet[0]! & PADDING_BIT ? packet.at(-1)! : 0);
  return start <= end ? packet.subarray(start, end) : null;
}

export interface RtpPacket {
  readonly payloadType: number;
  readonly sequenceNumber: number;
  readonly timestamp: number;
  readonly ssrc: number;
  /** Set on the first packet after a silence that was not sent (RFC 3551, section 4.1). */
  readonly marker: boolean;
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
  const { audioLevel, payload } = packet;
  const headerBytes = FIXED_HEADER_BYTES + (audioLevel ? EXTENSION_BYTES : 0);
  const bytes = Buffer.alloc(headerBytes + payload.length);
  bytes[0] = VERSION_BITS | (audioLevel ? EXTENSION_BIT : 0);
  bytes[1] = (packet.marker ? MARKER_BIT : 0) | packet.payloadType;
  bytes.writeUInt16BE(packet.sequenceNumber, 2);
  bytes.writeUInt32BE(packet.timestamp, 4);
  bytes.writeUInt32BE(packet.ssrc, 8);
  if (audioLevel) {
    bytes.writeUInt16BE(ONE_BYTE_EXTENSION_PROFILE, 12);
    bytes.writeUInt16BE(1, 14); // Length in 32-bit words: one element of two bytes, padded.
    bytes[16] = audioLevel.id << 4; // Low half: length - 1.
    bytes[17] = (audioLevel.voice ? VOICE_ACTIVITY_BIT : 0) | audioLevel.minusDbov;
  }
  bytes.set(payload, headerBytes);
  return bytes;
}

export interface SenderReport {
  readonly ssrc: number;
  /** Middle 32 bits of the report's NTP time, which a receiver report echoes as LSR. */
  readonly middleNtp: number;
}

/** The sender report at the start of a compound RTCP packet (RFC 3550, section 6.4.1), or null when there is none. */
export function readSenderReport(packet: Buffer): SenderReport | null {
  if (packet.length < 28 || packet[1] !== SENDER_REPORT) return null;
  return { ssrc: packet.readUInt32BE(4), middleNtp: packet.readUInt32BE(10) };
}

export interface ReceptionReport {
  readonly reporterSsrc: number;
  readonly ssrc: number;
  /** Share lost since the last report, 0 to 1. */
  readonly fractionLost: number;
  readonly cumulativeLost: number;
  readonly extendedHighestSequence: number;
  /** In units of the stream's clock. */
  readonly jitter: number;
  readonly lastSenderReport: number;
  readonly delaySinceLastSenderReportMs: number;
}

/** One receiver report with one block (RFC 3550, section 6.4.2), as a browser sends it for every stream it hears. */
export function writeReceiverReport(report: ReceptionReport): Buffer {
  const bytes = Buffer.alloc(RECEIVER_REPORT_BYTES);
  bytes[0] = VERSION_BITS | 1;
  bytes[1] = RECEIVER_REPORT;
  bytes.writeUInt16BE(RECEIVER_REPORT_BYTES / 4 - 1, 2);
  bytes.writeUInt32BE(report.reporterSsrc, 4);
  bytes.writeUInt32BE(report.ssrc, 8);
  bytes[12] = clamp(Math.floor(report.fractionLost * 256), 0, 255);
  bytes.writeIntBE(clamp(report.cumulativeLost, -0x80_0000, 0x7f_ffff), 13, 3);
  bytes.writeUInt32BE(report.extendedHighestSequence >>> 0, 16);
  bytes.writeUInt32BE(clamp(Math.round(report.jitter), 0, 0xffff_ffff), 20);
  bytes.writeUInt32BE(report.lastSenderReport, 24);
  bytes.writeUInt32BE(clamp(Math.round((report.delaySinceLastSenderReportMs * 65_536) / 1000), 0, 0xffff_ffff), 28);
  return bytes;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
