import { csrcsOf, isMarked, payloadOf, payloadTypeOf, ssrcOf, timestampAt, timestampOf } from '@tribune/shared/rtp.ts';
import { levelOf, readCsrc } from '@tribune/shared/voice.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MIX_PAYLOAD_TYPE } from '../mixRtpParameters.ts';
import { MixStream } from './MixStream.ts';
import { loadOpus } from './opus/loadOpus.ts';
import { FRAME_MS, PACKET_MS, SAMPLES_PER_MS } from './sound.ts';

const SAMPLES = PACKET_MS * SAMPLES_PER_MS;
const silence = new Float32Array(SAMPLES);

/** A tone in syllables: what never changes is noise to an encoder, and then silence. */
function tone(n: number): Float32Array {
  const sample = (at: number) => (0.2 + 0.1 * Math.sin(at / 2000)) * Math.sin(at / 20);
  return Float32Array.from({ length: SAMPLES }, (_, index) => sample(n * SAMPLES + index));
}

describe('MixStream', () => {
  let stream: MixStream;
  beforeEach(async () => {
    stream = await MixStream.create({ ssrc: 7, bitrate: 32_000, sound: 'speech' }, await loadOpus());
  });
  afterEach(() => stream.close());

  const pack = () => stream.pack(tone(0), false)!;
  const packSound = (packets: number) =>
    Array.from({ length: packets }, (_, n) => stream.pack(tone(n), false)).filter((packet) => packet !== null);
  const packSilence = (packets: number) =>
    Array.from({ length: packets }, () => stream.pack(silence, true)).filter((packet) => packet !== null);

  it('goes by the clock of the cluster, whatever that of the machine says', () => {
    const aheadMs = 7_200_000;
    stream.setClock(aheadMs);
    const before = timestampAt(Date.now() + aheadMs - 2 * FRAME_MS);
    const timestamp = timestampOf(pack());
    expect((timestamp - before) >>> 0).toBeLessThan(1000 * SAMPLES_PER_MS);
  });

  it('sends one packet for each that is packed, where the last one ended', () => {
    const packets = packSound(10);
    expect(packets).toHaveLength(10);
    expect(new Set(packets.map(ssrcOf))).toEqual(new Set([7]));
    expect(new Set(packets.map(payloadTypeOf))).toEqual(new Set([MIX_PAYLOAD_TYPE]));
    const steps = packets.slice(1).map((packet, n) => (timestampOf(packet) - timestampOf(packets[n]!)) >>> 0);
    expect(new Set(steps)).toEqual(new Set([SAMPLES]));
    expect(packets.map(isMarked)).toEqual([true, ...Array.from({ length: 9 }, () => false)]);
  });

  it('stamps by the clock, so that a mixer that takes over goes on where the one before would be', () => {
    // The first frame of a packet was due two frames before its last one, which is due now.
    const before = timestampAt(Date.now() - 2 * FRAME_MS);
    const packet = pack();
    const after = timestampAt(Date.now() - 2 * FRAME_MS);
    expect((timestampOf(packet) - before) >>> 0).toBeLessThanOrEqual((after - before) >>> 0);
  });

  it('names the voices that are heard in the packet, the loudest first, each at its loudest', () => {
    stream.hear(32, -30);
    stream.hear(32, -12);
    stream.hear(16, -20);
    expect(csrcsOf(pack()).map(readCsrc)).toEqual([
      { voiceId: 32, level: levelOf(-12) },
      { voiceId: 16, level: levelOf(-20) },
    ]);
    expect(csrcsOf(pack())).toEqual([]);
  });

  it('names the fifteen loudest of a crowd, which is all that a packet has room for', () => {
    for (let n = 0; n < 50; n++) stream.hear((n + 1) * 16, -n);
    const voices = csrcsOf(pack()).map((csrc) => readCsrc(csrc).voiceId);
    expect(voices).toEqual(Array.from({ length: 15 }, (_, n) => (n + 1) * 16));
  });

  it('encodes the pauses between words, then sends a byte every 420 ms', () => {
    packSound(10);
    expect(packSilence(7).length).toBeGreaterThan(0);
    packSilence(10);
    const silent = packSilence(70);
    expect(silent).toHaveLength(10);
    for (const packet of silent) expect(payloadOf(packet)).toHaveLength(1);
    expect(isMarked(pack())).toBe(true);
  });
});
