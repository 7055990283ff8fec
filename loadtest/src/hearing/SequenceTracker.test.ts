import { describe, expect, it } from 'vitest';
import { SequenceTracker } from './SequenceTracker.ts';

const FRAME_TICKS = 960;
const FRAME_MS = 20;

/** Feeds sequence numbers, each with the timestamp that its place in the stream gives it. */
function track(...sequences: number[]): SequenceTracker {
  return trackAll(sequences);
}

function trackAll(sequences: readonly number[]): SequenceTracker {
  const tracker = new SequenceTracker();
  sequences.forEach((sequence, index) => tracker.add(sequence & 0xffff, index * FRAME_TICKS, index * FRAME_MS));
  return tracker;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

describe('SequenceTracker', () => {
  it('expects nothing before the first packet', () => {
    expect(new SequenceTracker().counts()).toMatchObject({ received: 0, expected: 0 });
  });

  it('counts an unbroken stream as complete, whatever number it begins with', () => {
    expect(track(...range(100, 199)).counts()).toMatchObject({ received: 100, expected: 100 });
    expect(track(65_535).counts()).toMatchObject({ received: 1, expected: 1 });
  });

  it('expects what a gap left out', () => {
    expect(track(1, 2, 5, 6).counts()).toMatchObject({ received: 4, expected: 6 });
  });

  it('follows the numbers across their wrap', () => {
    const tracker = track(...range(65_530, 65_545));
    expect(tracker.counts()).toMatchObject({ received: 16, expected: 16, restarts: 0 });
    expect(tracker.extendedHighestSequence).toBe(65_545);
  });

  it('expects what is lost at the wrap', () => {
    expect(track(65_534, 65_537).counts()).toMatchObject({ received: 2, expected: 4 });
  });

  it('counts a late packet as reordered and not as lost', () => {
    expect(track(1, 2, 4, 3, 5).counts()).toMatchObject({ received: 5, expected: 5, reordered: 1, duplicates: 0 });
    expect(track(65_535, 65_537, 65_536).counts()).toMatchObject({ received: 3, expected: 3, reordered: 1 });
  });

  it('does not let duplicates make up for losses', () => {
    expect(track(1, 2, 2, 4, 4).counts()).toMatchObject({ received: 3, expected: 4, duplicates: 2 });
  });

  it('takes a packet from before the first for the beginning of the stream', () => {
    expect(track(5, 4, 6).counts()).toMatchObject({ received: 3, expected: 3 });
    expect(track(0, 65_535, 1).counts()).toMatchObject({ received: 3, expected: 3 });
  });

  it('ignores one packet with a wild number', () => {
    expect(track(1, 2, 40_000, 3, 4).counts()).toMatchObject({ received: 4, expected: 4, restarts: 0 });
  });

  it('begins anew where the sender numbers anew, without a loss', () => {
    const counts = track(1, 2, 3, 40_000, 40_001, 40_003).counts();
    expect(counts).toMatchObject({ received: 6, expected: 7, restarts: 1 });
  });

  it('agrees with a simple count over long random streams', () => {
    let seed = 7;
    const random = () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
    const sent = range(60_000, 200_000);
    const arrived = sent.filter((_, index) => index === 0 || index === sent.length - 1 || random() > 0.05);
    for (let index = 2; index < arrived.length - 2; index++) {
      if (random() < 0.02) [arrived[index], arrived[index + 1]] = [arrived[index + 1]!, arrived[index]!];
    }
    const counts = trackAll(arrived).counts();
    expect(counts.received).toBe(arrived.length);
    expect(counts.expected).toBe(sent.length);
    expect(counts).toMatchObject({ duplicates: 0, restarts: 0 });
  });
});

describe('jitter', () => {
  it('is nothing for packets that come as they were sent', () => {
    expect(track(...range(1, 100)).jitterMs).toBeCloseTo(0);
  });

  it('is nothing for a silence that was not sent', () => {
    const tracker = new SequenceTracker();
    tracker.add(1, 0, 0);
    tracker.add(2, 50 * FRAME_TICKS, 50 * FRAME_MS);
    expect(tracker.jitterMs).toBeCloseTo(0);
  });

  it('moves by a sixteenth of what one packet is late (RFC 3550, section 6.4.1)', () => {
    const tracker = new SequenceTracker();
    tracker.add(1, 0, 0);
    tracker.add(2, FRAME_TICKS, FRAME_MS + 16);
    expect(tracker.jitterMs).toBeCloseTo(1);
  });

  it('is not disturbed by the wrap of the timestamp', () => {
    const tracker = new SequenceTracker();
    for (let index = 0; index < 100; index++) {
      tracker.add(index, (4_294_967_295 - 50 * FRAME_TICKS + index * FRAME_TICKS) % 4_294_967_296, index * FRAME_MS);
    }
    expect(tracker.jitterMs).toBeCloseTo(0);
  });
});
