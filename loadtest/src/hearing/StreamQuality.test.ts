import { describe, expect, it } from 'vitest';
import { epochMs } from '../clock.ts';
import { Histogram } from './Histogram.ts';
import { timestampAt } from '@tribune/shared/rtp.ts';
import { latencyOf, mergeQualities, StreamQuality } from './StreamQuality.ts';

/** A sender whose packets take `tookMs` each, stamped by the clock unless a shift makes that nonsense. */
function readSound(
  packets: readonly { readonly sequence: number; readonly dueMs: number; readonly tookMs: number }[],
  shiftTicks = 0,
): StreamQuality {
  const quality = new StreamQuality();
  const toEpochMs = epochMs() - performance.now();
  for (const { sequence, dueMs, tookMs } of packets) {
    const timestamp = (timestampAt(toEpochMs + dueMs) + shiftTicks) % 0x1_0000_0000;
    quality.add(sequence & 0xffff, timestamp, dueMs + tookMs);
  }
  return quality;
}

const steady = Array.from({ length: 100 }, (_, index) => ({ sequence: 65_500 + index, dueMs: index * 20, tookMs: 5 }));

function percentile(bins: Uint32Array, share: number): number {
  return new Histogram(bins).at(share) ?? Number.NaN;
}

describe('latency', () => {
  it.each([0, 1, 4_294_967_295 / 48, 1_795_000_000_000])('is right at %d ms since 1970, and over the wrap', (epoch) => {
    expect(latencyOf(timestampAt(epoch), epoch + 7)).toBeCloseTo(7, 1);
    expect(latencyOf(timestampAt(epoch + 3), epoch)).toBeCloseTo(-3, 1);
  });

  it('is what the packets took', () => {
    const { latencyBins } = readSound(steady).take();
    expect(new Histogram(latencyBins).count).toBe(100);
    expect(percentile(latencyBins, 0.5)).toBeGreaterThan(4.8);
    expect(percentile(latencyBins, 0.95)).toBeLessThan(5.2);
  });

  it('is unknown where the timestamps are not of the clock', () => {
    const { latencyBins } = readSound(steady, 48_000 * 60).take();
    expect(new Histogram(latencyBins).at(0.5)).toBeNull();
  });
});

describe('gaps', () => {
  it('are none in a steady stream, over the wrap of the sequence', () => {
    expect(readSound(steady).take()).toMatchObject({ gaps: 0, gapMs: 0, longestGapMs: 0, lossRuns: 0 });
  });

  it('are none in a pause of speech, which moves the timestamp and not the sequence', () => {
    const paused = steady.map((packet, index) => (index < 50 ? packet : { ...packet, dueMs: packet.dueMs + 400 }));
    expect(readSound(paused).take().gaps).toBe(0);
  });

  it('are runs of lost packets, as long as what they held', () => {
    const holes = steady.filter((_packet, index) => ![10, 50, 51, 52].includes(index));
    expect(readSound(holes).take()).toMatchObject({ gaps: 2, gapMs: 80, longestGapMs: 60, lossRuns: 2, lostInRuns: 4 });
  });

  it('are packets too late, those that follow on each other once', () => {
    const stalled = steady.map((packet, index) => {
      // 200 ms nothing, and then everything at once.
      return index < 40 || index >= 50 ? packet : { ...packet, tookMs: 5 + (50 - index) * 20 };
    });
    const { gaps, longestGapMs } = readSound(stalled).take();
    expect(gaps).toBe(1);
    expect(longestGapMs).toBeCloseTo(200, 0);
  });

  it('are none where some packets hold 120 ms, and come when they are full, and others 60', () => {
    const ends = [120, 240, 300, 420, 480, 600, 720, 780, 840, 960];
    const packets = ends.map((endMs, index) => {
      const dueMs = ends[index - 1] ?? 0;
      return { sequence: index, dueMs, tookMs: endMs - dueMs + 5 };
    });
    expect(readSound(packets).take().gaps).toBe(0);
  });

  it('are told of the time since they were last asked for', () => {
    const quality = readSound(steady.filter((_packet, index) => index !== 10));
    expect(quality.take().gaps).toBe(1);
    expect(quality.take().gaps).toBe(0);
  });

  it('add up over streams, and the longest stays the longest', () => {
    const one = readSound(steady.filter((_packet, index) => index !== 10)).take();
    const two = readSound(steady.filter((_packet, index) => index !== 20 && index !== 21)).take();
    const both = mergeQualities([one, two]);
    expect(both).toMatchObject({ gaps: 2, gapMs: 60, longestGapMs: 40 });
    expect(new Histogram(both.latencyBins).count).toBe(197);
  });
});
