import { describe, expect, it } from 'vitest';
import {
  isRtcp,
  isRtp,
  payloadOf,
  payloadTypeOf,
  readSenderReport,
  sequenceNumberOf,
  ssrcOf,
  timestampOf,
  writeReceiverReport,
  writeRtp,
} from './rtp.ts';

const packet = {
  payloadType: 111,
  sequenceNumber: 65_535,
  timestamp: 4_294_967_295,
  ssrc: 3_000_000_000,
  marker: true,
  payload: Uint8Array.of(1, 2, 3),
};

describe('writeRtp', () => {
  it('lays out the fixed header of RFC 3550 and the payload behind it', () => {
    const bytes = writeRtp(packet);
    expect(bytes.toString('hex')).toBe('80efffffffffffffb2d05e00010203');
    expect(isRtp(bytes)).toBe(true);
    expect(sequenceNumberOf(bytes)).toBe(65_535);
    expect(timestampOf(bytes)).toBe(4_294_967_295);
    expect(ssrcOf(bytes)).toBe(3_000_000_000);
  });

  it('carries the audio level in a one-byte header extension (RFC 6464, RFC 8285)', () => {
    const bytes = writeRtp({ ...packet, audioLevel: { id: 10, minusDbov: 42, voice: true } });
    expect(bytes[0]).toBe(0x90);
    expect(bytes.subarray(12, 20).toString('hex')).toBe('bede0001a0aa0000');
    expect(bytes.subarray(20)).toEqual(Buffer.of(1, 2, 3));
  });
});

describe('isRtcp', () => {
  it('tells sender reports from RTP with the marker set', () => {
    expect(isRtcp(Buffer.of(0x80, 200))).toBe(true);
    expect(isRtcp(Buffer.of(0x80, 0x80 | 111))).toBe(false);
    expect(isRtp(Buffer.alloc(12, 0))).toBe(false);
    expect(isRtp(Buffer.of(0x80))).toBe(false);
  });
});

describe('reports', () => {
  it('reads who reported, and the time that is echoed', () => {
    const report = Buffer.alloc(28);
    report.set([0x80, 200, 0, 6]);
    report.writeUInt32BE(77, 4);
    report.writeUInt32BE(0x1111_2222, 8);
    report.writeUInt32BE(0x3333_4444, 12);
    expect(readSenderReport(report)).toEqual({ ssrc: 77, middleNtp: 0x2222_3333 });
    expect(readSenderReport(Buffer.of(0x80, 201))).toBeNull();
  });

  it('writes a receiver report with one block (RFC 3550, section 6.4.2)', () => {
    const bytes = writeReceiverReport({
      reporterSsrc: 1,
      ssrc: 2,
      fractionLost: 0.25,
      cumulativeLost: -1,
      extendedHighestSequence: 0x0001_0005,
      jitter: 7.4,
      lastSenderReport: 0xaabb_ccdd,
      delaySinceLastSenderReportMs: 500,
    });
    expect(bytes.toString('hex')).toBe(
      '81c9000700000001000000024 0ffffff000100050000000 7aabbccdd00008000'.replaceAll(' ', ''),
    );
  });
});

describe('what a packet carries', () => {
  const fields = { payloadType: 100, sequenceNumber: 1, timestamp: 2, ssrc: 3, marker: true };
  const payload = Uint8Array.of(9, 8, 7);

  it('comes after the header and its extension', () => {
    const plain = writeRtp({ ...fields, payload });
    const extended = writeRtp({ ...fields, payload, audioLevel: { id: 10, minusDbov: 30, voice: true } });
    expect(payloadTypeOf(plain)).toBe(100);
    for (const packet of [plain, extended]) expect([...payloadOf(packet)!]).toEqual([9, 8, 7]);
  });

  it('comes after contributing sources, and before padding', () => {
    const packet = Buffer.concat([writeRtp({ ...fields, payload: new Uint8Array(4) }), payload, Buffer.of(0, 2)]);
    packet[0]! |= 0x21;
    expect([...payloadOf(packet)!]).toEqual([9, 8, 7]);
  });

  it('is nothing where the header says more than there is', () => {
    const packet = writeRtp({ ...fields, payload });
    packet[0]! |= 0x0f;
    expect(payloadOf(packet)).toBeNull();
  });
});
