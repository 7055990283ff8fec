import { csrcsOf, isMarked, payloadOf, payloadTypeOf, ssrcOf, timestampAt, timestampOf } from '@tribune/shared/rtp.ts';
import { levelOf, readCsrc } from '@tribune/shared/voice.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MIX_PAYLOAD_TYPE } from './mixRtpParameters.ts';
import { MixStream } from './MixStream.ts';
import { FRAME } from './sound.ts';

const tone = Float32Array.from({ length: FRAME }, (_, n) => 0.3 * Math.sin(n / 20));

describe('MixStream', () => {
  let stream: MixStream;
  beforeEach(async () => {
    stream = await MixStream.create({ ssrc: 7, packetMs: 60, bitrate: 32_000 });
  });
  afterEach(() => stream.close());

  function add(frames: number, frame: Float32Array | null): Buffer[] {
    return Array.from({ length: frames }, () => stream.add(frame)).filter((packet) => packet !== null);
  }

  it('sends one packet for three frames, each where the last one ended', () => {
    const packets = add(30, tone);
    expect(packets).toHaveLength(10);
    expect(new Set(packets.map(ssrcOf))).toEqual(new Set([7]));
    expect(new Set(packets.map(payloadTypeOf))).toEqual(new Set([MIX_PAYLOAD_TYPE]));
    const steps = packets.slice(1).map((packet, n) => (timestampOf(packet) - timestampOf(packets[n]!)) >>> 0);
    expect(new Set(steps)).toEqual(new Set([3 * FRAME]));
    expect(packets.map(isMarked)).toEqual([true, ...Array.from({ length: 9 }, () => false)]);
  });

  it('stamps by the clock, so that a mixer that takes over goes on where the one before would be', () => {
    const before = timestampAt(Date.now());
    const [packet] = add(3, tone);
    expect((timestampOf(packet!) - before) >>> 0).toBeLessThanOrEqual((timestampAt(Date.now()) - before) >>> 0);
  });

  it('names who was heard in the packet, the loudest first, each as loud as it was at most', () => {
    stream.hear(32, -30);
    stream.add(tone);
    stream.hear(32, -12);
    stream.hear(16, -20);
    const [packet] = add(2, tone);
    expect(csrcsOf(packet!).map(readCsrc)).toEqual([
      { voiceId: 32, level: levelOf(-12) },
      { voiceId: 16, level: levelOf(-20) },
    ]);
    expect(csrcsOf(add(3, tone)[0]!)).toEqual([]);
  });

  it('names the fifteen loudest of a crowd, which is all that a packet has room for', () => {
    for (let n = 0; n < 50; n++) stream.hear((n + 1) * 16, -n);
    const voices = csrcsOf(add(3, tone)[0]!).map((csrc) => readCsrc(csrc).voiceId);
    expect(voices).toEqual(Array.from({ length: 15 }, (_, n) => (n + 1) * 16));
  });

  it('encodes the pauses between words, then sends a byte every 420 ms', () => {
    add(30, tone);
    expect(add(21, null).length).toBeGreaterThan(0);
    add(30, null);
    const silent = add(210, null);
    expect(silent).toHaveLength(10);
    for (const packet of silent) expect(payloadOf(packet)).toHaveLength(1);
    const [back] = add(3, tone);
    expect(isMarked(back!)).toBe(true);
  });

  it('ends its packets a frame before another stream when it is told to, so that they are not encoded together', async () => {
    using other = new DisposableStack();
    const early = other.adopt(await MixStream.create({ ssrc: 8, packetMs: 60, bitrate: 32_000 }, 1), (it) =>
      it.close(),
    );
    const ends = Array.from({ length: 6 }, () => [stream.add(tone) !== null, early.add(tone) !== null]);
    expect(ends.map(([a]) => a)).toEqual([false, false, true, false, false, true]);
    expect(ends.map(([, b]) => b)).toEqual([false, true, false, false, true, false]);
  });
});
