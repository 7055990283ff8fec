import { opusDurationMsOf } from '@tribune/shared/rtp/opus.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { SAMPLE_RATE, SAMPLES_PER_MS } from '../sound.ts';
import { joinOpusPackets } from './joinPackets.ts';
import { loadOpus } from './loadOpus.ts';

/** The first byte of a packet: SILK wideband in frames of 20, 40 or 60 ms, and hybrid in frames of 20 ms. */
const toc = (configuration: number, code: number) => (configuration << 3) | code;
const [SILK_20, SILK_40, SILK_60, HYBRID_20] = [9, 10, 11, 15] as const;

describe('two Opus packets in one', () => {
  const bytes = (...values: number[]) => Uint8Array.from(values);
  const frame = (length: number) => Array.from({ length }, (_, n) => n & 0xff);

  it.each([
    ['one frame each', bytes(toc(SILK_60, 0), 7, 8), bytes(toc(SILK_60, 0), 9), [2, 7, 8, 9]],
    ['frames of equal size', bytes(toc(SILK_20, 1), 5, 6), bytes(toc(SILK_20, 0), 9), [1, 1, 5, 6, 9]],
    ['frames of different size', bytes(toc(SILK_20, 2), 1, 5, 6, 7), bytes(toc(SILK_20, 0), 9), [1, 2, 5, 6, 7, 9]],
    [
      'three frames each, with lengths',
      bytes(toc(HYBRID_20, 3), 0x83, 1, 2, 11, 12, 13, 14),
      bytes(toc(HYBRID_20, 3), 0x83, 0, 1, 21, 22),
      [1, 2, 1, 0, 1, 11, 12, 13, 14, 21, 22],
    ],
    [
      'three frames each, of equal size',
      bytes(toc(HYBRID_20, 3), 3, 1, 2, 3),
      bytes(toc(HYBRID_20, 0), 4),
      [1, 1, 1, 1, 2, 3, 4],
    ],
    ['padding, which is left out', bytes(toc(SILK_60, 3), 0x41, 2, 7, 0, 0), bytes(toc(SILK_60, 0), 9), [1, 7, 9]],
    ['frames without data', bytes(toc(SILK_60, 0)), bytes(toc(SILK_60, 0), 9), [0, 9]],
    [
      'a length of two bytes',
      bytes(toc(SILK_60, 0), ...frame(254)),
      bytes(toc(SILK_60, 0), 9),
      [254, 0, ...frame(254), 9],
    ],
    [
      'a length of 1023',
      bytes(toc(SILK_60, 0), ...frame(1023)),
      bytes(toc(SILK_60, 0), 9),
      [255, 192, ...frame(1023), 9],
    ],
  ])('have the frames of both: %s', (_, first, second, rest) => {
    const joined = joinOpusPackets(first, second)!;
    const frames = (opusDurationMsOf(first) + opusDurationMsOf(second)) / (first[0]! >> 3 === SILK_60 ? 60 : 20);
    expect([...joined]).toEqual([(first[0]! & ~3) | 3, 0x80 | frames, ...rest]);
  });

  it.each([
    ['of two configurations', bytes(toc(SILK_60, 0), 7), bytes(toc(HYBRID_20, 0), 9)],
    ['of one and two channels', bytes(toc(SILK_60, 0), 7), bytes(toc(SILK_60, 0) | 4, 9)],
    ['longer than 120 ms', bytes(toc(SILK_40, 1), 7, 7), bytes(toc(SILK_40, 1), 9, 9)],
    ['of which one is empty', bytes(toc(SILK_60, 0), 7), bytes()],
    ['of frames that are not of equal size, as they should be', bytes(toc(SILK_20, 1), 7), bytes(toc(SILK_20, 0), 9)],
    ['with a frame that is cut short', bytes(toc(SILK_20, 2), 9, 7), bytes(toc(SILK_20, 0), 9)],
    ['with a count of no frames', bytes(toc(SILK_20, 3), 0, 7), bytes(toc(SILK_20, 0), 9)],
    ['with more padding than there is', bytes(toc(SILK_20, 3), 0x41, 200, 7), bytes(toc(SILK_20, 0), 9)],
    ['with a frame longer than any', bytes(toc(SILK_20, 0), ...frame(1276)), bytes(toc(SILK_20, 0), 9)],
  ])('are not made of packets %s', (_, first, second) => {
    expect(joinOpusPackets(first, second)).toBeNull();
  });
});

describe('what an encoder makes', () => {
  const freed: { free(): void }[] = [];
  afterEach(() => {
    for (const one of freed.splice(0)) one.free();
  });

  /** From SILK alone over hybrid to CELT alone. */
  it.each([10_000, 20_000, 32_000, 64_000])(
    'decodes to the same sound when it is joined, at %d bit/s',
    async (bitrate) => {
      const opus = await loadOpus();
      const encoder = await opus.createEncoder({
        sound: 'speech',
        packetMs: 60,
        bitrate,
        complexity: 1,
        expectedLossPercent: 5,
      });
      const [apart, together] = [await opus.createDecoder(), await opus.createDecoder()];
      freed.push(encoder, apart, together);
      const packets = Array.from({ length: 40 }, (_, n) => encoder.encode(syllables(n)).slice());
      let joinedCount = 0;
      for (let n = 0; n < packets.length; n += 2) {
        const [first, second] = [packets[n]!, packets[n + 1]!];
        const sound = [...apart.decode(first), ...apart.decode(second)];
        const joined = joinOpusPackets(first, second);
        if (joined) joinedCount += 1;
        const heard = joined ? [...together.decode(joined)] : [...together.decode(first), ...together.decode(second)];
        expect(heard).toEqual(sound);
      }
      expect(joinedCount).toBeGreaterThan(packets.length / 4);
    },
  );
});

function syllables(packet: number): Float32Array {
  const samples = 60 * SAMPLES_PER_MS;
  return Float32Array.from({ length: samples }, (_, n) => {
    const t = (packet * samples + n) / SAMPLE_RATE;
    const tone = [1, 2, 3, 4].reduce((sum, k) => sum + Math.sin(2 * Math.PI * 140 * k * t) / k, 0);
    return (0.15 + 0.1 * Math.sin(2 * Math.PI * 4 * t)) * tone;
  });
}
