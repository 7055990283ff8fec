import { describe, expect, it } from 'vitest';
import { readSenderReport, writeReceiverReport } from './rtcp.ts';

describe('reports', () => {
  it('has its reporter and the time that is echoed', () => {
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
