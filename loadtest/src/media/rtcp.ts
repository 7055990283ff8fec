/** The few reports of RTCP (RFC 3550, section 6) that a simulated client reads and writes. */

const VERSION_BITS = 0x80;
const SENDER_REPORT = 200;
const RECEIVER_REPORT = 201;
const RECEIVER_REPORT_BYTES = 32;

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
