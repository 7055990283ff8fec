import { describe, expect, it } from 'vitest';
import {
  csrcsOf,
  isMarked,
  isRtcp,
  isRtp,
  payloadOf,
  payloadTypeOf,
  sequenceNumberOf,
  ssrcOf,
  timestampOf,
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

describe('payloadOf', () => {
  const audioLevel = { id: 10, minusDbov: 42, voice: true };

  it('finds the payload behind contributing sources and extensions', () => {
    const bytes = writeRtp({ ...packet, csrcs: [1, 0xffff_fff1], audioLevel });
    expect(csrcsOf(bytes)).toEqual([1, 0xffff_fff1]);
    expect(payloadOf(bytes)).toEqual(Buffer.of(1, 2, 3));
    expect([payloadTypeOf(bytes), isMarked(bytes)]).toEqual([111, true]);
  });

  it('leaves padding out', () => {
    const bytes = Buffer.concat([writeRtp(packet), Buffer.of(0, 0, 3)]);
    bytes[0]! |= 0x20;
    expect(payloadOf(bytes)).toEqual(Buffer.of(1, 2, 3));
  });

  it('is null, never beyond the end, for a packet that is cut short or lies about its lengths', () => {
    const bytes = writeRtp({ ...packet, csrcs: [1, 2], audioLevel });
    for (let length = 12; length < 28; length++) expect(payloadOf(bytes.subarray(0, length))).toBeNull();
    expect(csrcsOf(bytes.subarray(0, 19))).toEqual([]);
    const padded = writeRtp({ ...packet, payload: Buffer.of(200) });
    padded[0]! |= 0x20;
    expect(payloadOf(padded)).toBeNull();
  });
});
