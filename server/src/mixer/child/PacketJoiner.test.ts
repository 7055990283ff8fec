import { csrcsOf, isMarked, payloadOf, sequenceNumberOf, timestampOf, writeRtp } from '@tribune/shared/rtp.ts';
import { opusDurationMsOf } from '@tribune/shared/rtp/opus.ts';
import { csrcOf } from '@tribune/shared/voice.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { MIX_PAYLOAD_TYPE } from '../mixRtpParameters.ts';
import { PacketJoiner } from './PacketJoiner.ts';
import { PACKET_MS, SAMPLES_PER_MS } from './sound.ts';

const SILK = 11 << 3;
/** SILK in medium band. */
const OTHER = 7 << 3;
const HOME = Symbol('home');

interface Sent {
  readonly toc?: number;
  readonly bytes?: number;
  readonly marker?: boolean;
  readonly csrcs?: readonly number[];
}

/** A packet of 60 ms: the `n`th of its stream. */
function packet(n: number, { toc = SILK, bytes = 20, marker = false, csrcs = [] }: Sent = {}): Buffer {
  return writeRtp({
    ...{ payloadType: MIX_PAYLOAD_TYPE, sequenceNumber: n & 0xffff, ssrc: 7, marker, csrcs },
    timestamp: (n * PACKET_MS * SAMPLES_PER_MS) >>> 0,
    payload: Uint8Array.from({ length: bytes }, (_, at) => (at === 0 ? toc : n & 0xff)),
  });
}

const silent = (n: number) => packet(n, { bytes: 1 });

describe('PacketJoiner', () => {
  let joiner: PacketJoiner;
  beforeEach(() => {
    joiner = new PacketJoiner();
  });

  const push = (...packets: readonly Buffer[]) => packets.flatMap((one) => joiner.push(one, HOME));
  /** Number, the packet of 60 ms that it begins with, and length. */
  const describePackets = (packets: readonly Buffer[]) =>
    packets.map((one) => [
      sequenceNumberOf(one),
      timestampOf(one) / (PACKET_MS * SAMPLES_PER_MS),
      opusDurationMsOf(payloadOf(one)!),
    ]);

  it('makes one packet of two, and numbers what it makes', () => {
    expect(describePackets(push(packet(10), packet(11), packet(12), packet(13)))).toEqual([
      [0, 10, 120],
      [1, 12, 120],
    ]);
  });

  it('names the voices of both halves, each at its loudest, and the loudest first', () => {
    const [ann, bob, lea] = [16, 32, 48];
    const first = packet(0, { csrcs: [csrcOf(ann, 9), csrcOf(bob, 3)] });
    const second = packet(1, { csrcs: [csrcOf(bob, 12), csrcOf(lea, 5)] });
    const [joined] = push(first, second);
    expect(csrcsOf(joined!)).toEqual([csrcOf(bob, 12), csrcOf(ann, 9), csrcOf(lea, 5)]);
  });

  it('names no more voices than a packet has room for', () => {
    const voices = (from: number) => Array.from({ length: 10 }, (_, n) => csrcOf((from + n) * 16, n));
    const [joined] = push(packet(0, { csrcs: voices(1) }), packet(1, { csrcs: voices(20) }));
    expect(csrcsOf(joined!)).toHaveLength(15);
  });

  it('marks the first packet after a silence, and no other', () => {
    const joined = push(packet(0, { marker: true }), packet(1), packet(2), packet(3));
    expect(joined.map(isMarked)).toEqual([true, false]);
  });

  it('sends two packets where the configuration changes, and joins again from there on', () => {
    const sent = push(packet(0), packet(1, { toc: OTHER }), packet(2, { toc: OTHER }));
    expect(describePackets(sent)).toEqual([
      [0, 0, 60],
      [1, 1, 120],
    ]);
  });

  it('sends the last packet before a silence at once, and each packet of the silence as it is', () => {
    expect(describePackets(push(packet(0)))).toEqual([]);
    expect(describePackets(push(silent(1)))).toEqual([
      [0, 0, 60],
      [1, 1, 60],
    ]);
    expect(describePackets(push(silent(8)))).toHaveLength(1);
    expect(joiner.isHolding).toBe(false);
  });

  it('joins nothing over a pause that was not sent', () => {
    const late = packet(9);
    late.writeUInt16BE(1, 2);
    expect(describePackets(push(packet(0), late))).toEqual([[0, 0, 60]]);
    expect(joiner.isHolding).toBe(true);
  });

  it('keeps what was lost a gap', () => {
    const sent = push(packet(0), packet(1), packet(3), packet(4), packet(5), packet(9), packet(10));
    expect(describePackets(sent)).toEqual([
      [0, 0, 120],
      [2, 3, 120],
      [3, 5, 60],
      [6, 9, 120],
    ]);
  });

  it('drops what was overtaken and what comes twice', () => {
    const sent = push(packet(0), packet(2), packet(1), packet(2), packet(3));
    expect(describePackets(sent)).toEqual([
      [0, 0, 60],
      [2, 2, 120],
    ]);
  });

  it('numbers on without a gap where the numbers of its source wrap', () => {
    const sent = push(packet(0xfffe), packet(0xffff), packet(0x1_0000), packet(0x1_0001));
    expect(sent.map(sequenceNumberOf)).toEqual([0, 1]);
  });

  it('goes on without a gap with another source, and joins nothing of two', () => {
    const sent = [...push(packet(0)), ...joiner.push(packet(5000), 'another'), ...joiner.push(packet(5001), 'another')];
    expect(describePackets(sent)).toEqual([
      [0, 0, 60],
      [1, 5000, 120],
    ]);
  });

  it('makes no packet that is too large for a network', () => {
    const sent = push(packet(0, { bytes: 700 }), packet(1, { bytes: 700 }), packet(2, { bytes: 400 }));
    expect(describePackets(sent)).toEqual([
      [0, 0, 60],
      [1, 1, 120],
    ]);
  });

  it('gives away what waits when nothing follows', () => {
    push(packet(0));
    expect(describePackets([joiner.flush()!])).toEqual([[0, 0, 60]]);
    expect(joiner.flush()).toBeNull();
  });
});
