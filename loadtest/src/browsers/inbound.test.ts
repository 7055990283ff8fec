import { describe, expect, it } from 'vitest';
import { COUNTERS, inboundBetween, playoutOf, sumOf, type InboundCounts } from './inbound.ts';

function counts(given: Partial<InboundCounts>): InboundCounts {
  const none = Object.fromEntries(COUNTERS.map((name) => [name, 0])) as Record<(typeof COUNTERS)[number], number>;
  return { ...none, ...given };
}

describe('inboundBetween', () => {
  it('adds up what every stream grew by, and all of a stream that is new', () => {
    const from = new Map([['0:1', counts({ packetsReceived: 10 })]]);
    const to = new Map([
      ['0:1', counts({ packetsReceived: 15 })],
      ['1:2', counts({ packetsReceived: 7 })],
    ]);
    expect(inboundBetween(from, to).packetsReceived).toBe(12);
  });

  it('leaves out streams that have gone', () => {
    const from = new Map([['0:1', counts({ packetsReceived: 10 })]]);
    expect(inboundBetween(from, new Map()).packetsReceived).toBe(0);
  });
});

describe('playoutOf', () => {
  it('tells what could be heard of what was made up from what was silence', () => {
    const figures = playoutOf(
      counts({
        ...{ packetsReceived: 99, packetsLost: 1, jitterBufferDelay: 40, jitterBufferEmittedCount: 1000 },
        ...{ totalSamplesReceived: 10_000, concealedSamples: 300, silentConcealedSamples: 200, concealmentEvents: 2 },
        ...{ insertedSamplesForDeceleration: 50, removedSamplesForAcceleration: 10 },
      }),
    );
    expect(figures).toEqual({
      jitterBufferMs: 40,
      concealedPct: 1,
      silentConcealedPct: 2,
      concealmentEvents: 2,
      slowedPct: 0.5,
      hurriedPct: 0.1,
      packetsReceived: 99,
      packetsLost: 1,
      lossPct: 1,
    });
  });

  it('says null where nothing came, and takes late packets for no loss', () => {
    expect(playoutOf(sumOf([]))).toMatchObject({ jitterBufferMs: null, concealedPct: null, lossPct: null });
    expect(playoutOf(counts({ packetsReceived: 5, packetsLost: -1 }))).toMatchObject({ packetsLost: 0, lossPct: 0 });
  });
});
