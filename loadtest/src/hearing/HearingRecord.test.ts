import { describe, expect, it } from 'vitest';
import { HearingRecord } from './HearingRecord.ts';

const PACKET_TICKS = 960;

describe('the record of what a listener hears', () => {
  it('counts each stream once, whether it goes on or has ended, and however often it is ended', () => {
    const record = new HearingRecord();
    const [old, next] = [record.openStream(), record.openStream()];
    for (const sequence of [1, 2, 4]) old.add(sequence, sequence * PACKET_TICKS, sequence * 20);
    for (const sequence of [7, 8]) next.add(sequence, sequence * PACKET_TICKS, sequence * 20);
    old.end();
    old.end();
    expect(record.counts()).toMatchObject({ received: 5, expected: 6 });
    expect(record.openStreams).toBe(1);
    next.end();
    expect(record.counts()).toMatchObject({ received: 5, expected: 6 });
    expect(record.openStreams).toBe(0);
  });

  it('keeps the quality of a stream that ended until it is taken, and gives it once', () => {
    const record = new HearingRecord();
    const stream = record.openStream();
    for (const sequence of [1, 3]) stream.add(sequence, sequence * PACKET_TICKS, sequence * 20);
    record.addCorrupt();
    record.addInflicted();
    stream.end();
    expect(record.takeQuality()).toMatchObject({ gaps: 1, lossRuns: 1, lostInRuns: 1, corrupt: 1, inflicted: 1 });
    expect(record.takeQuality()).toMatchObject({ gaps: 0, lossRuns: 0, lostInRuns: 0, corrupt: 0, inflicted: 0 });
  });

  it('tells the jitter of streams that go on', () => {
    const record = new HearingRecord();
    const stream = record.openStream();
    stream.add(1, 0, 0);
    stream.add(2, PACKET_TICKS, 100);
    expect(record.jitterMs).toBeGreaterThan(0);
    stream.end();
    expect(record.jitterMs).toBe(0);
  });
});
