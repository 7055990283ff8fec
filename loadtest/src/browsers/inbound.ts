import { round, roundOrNull } from '../hearing/stats.ts';

/** What is read of each `inbound-rtp` of the page (W3C webrtc-stats, `RTCInboundRtpStreamStats`); all of it only grows. */
export const COUNTERS = [
  'packetsReceived',
  'packetsLost',
  'jitterBufferDelay',
  'jitterBufferEmittedCount',
  'totalSamplesReceived',
  'concealedSamples',
  'silentConcealedSamples',
  'concealmentEvents',
  'insertedSamplesForDeceleration',
  'removedSamplesForAcceleration',
] as const;

export type InboundCounts = Readonly<Record<(typeof COUNTERS)[number], number>>;

/** By connection and SSRC: a connection that is made anew begins to count anew. */
export type InboundSnapshot = ReadonlyMap<string, InboundCounts>;

const NOTHING_INBOUND: InboundCounts = sumOf([]);

/** What came between two snapshots. Streams that had gone by the second are left out: nobody knows their end. */
export function inboundBetween(from: InboundSnapshot, to: InboundSnapshot): InboundCounts {
  const grown = [...to].map(([key, counts]) => {
    const before = from.get(key) ?? NOTHING_INBOUND;
    return mapCounts((name) => counts[name] - before[name]);
  });
  return sumOf(grown);
}

export function sumOf(all: readonly InboundCounts[]): InboundCounts {
  return mapCounts((name) => all.reduce((sum, counts) => sum + counts[name], 0));
}

/** What the jitter buffers of one browser, or of several, made of a stretch of time. Null where nothing came. */
export interface PlayoutFigures {
  /** How long a sample lay in the jitter buffer, on average. */
  readonly jitterBufferMs: number | null;
  /** Samples that were made up and could be heard, of all that were played. */
  readonly concealedPct: number | null;
  /** Samples that were made up as silence, as in the pauses that DTX leaves out. */
  readonly silentConcealedPct: number | null;
  /** Times that something was made up. */
  readonly concealmentEvents: number;
  /** Samples put in to play slower, of all that were played. */
  readonly slowedPct: number | null;
  /** Samples left out to play faster. */
  readonly hurriedPct: number | null;
  readonly packetsReceived: number;
  readonly packetsLost: number;
  readonly lossPct: number | null;
}

export function playoutOf(counts: InboundCounts): PlayoutFigures {
  const { packetsReceived, concealedSamples, silentConcealedSamples, totalSamplesReceived } = counts;
  // Late packets make the count of one stretch negative.
  const packetsLost = Math.max(0, counts.packetsLost);
  const share = (samples: number) => roundOrNull((100 * samples) / totalSamplesReceived, 3);
  return {
    jitterBufferMs: roundOrNull((1000 * counts.jitterBufferDelay) / counts.jitterBufferEmittedCount, 1),
    concealedPct: share(concealedSamples - silentConcealedSamples),
    silentConcealedPct: share(silentConcealedSamples),
    concealmentEvents: round(counts.concealmentEvents, 0),
    slowedPct: share(counts.insertedSamplesForDeceleration),
    hurriedPct: share(counts.removedSamplesForAcceleration),
    packetsReceived,
    packetsLost,
    lossPct: roundOrNull((100 * packetsLost) / (packetsLost + packetsReceived), 4),
  };
}

function mapCounts(valueOf: (name: (typeof COUNTERS)[number]) => number): InboundCounts {
  return Object.fromEntries(COUNTERS.map((name) => [name, valueOf(name)])) as Record<(typeof COUNTERS)[number], number>;
}
