import { WEAK_CONNECTION } from '@tribune/shared/domain.ts';
import type { ConnectionFigures, Quality } from '../../state/types.ts';

/** One member of an `RTCStatsReport`; members differ by browser, so nothing is taken for granted. */
type Stat = Readonly<Record<string, unknown>>;
type Report = Iterable<readonly [string, unknown]>;

/** Running totals of one moment; figures are what changed between two of them. */
interface Totals {
  readonly received: number;
  readonly lost: number;
  readonly bufferDelayS: number;
  readonly bufferEmitted: number;
}

export interface Sample {
  readonly figures: ConnectionFigures;
  readonly totals: Totals;
}

export const NO_FIGURES: ConnectionFigures = {
  roundTripMs: null,
  lossPct: null,
  jitterMs: null,
  jitterBufferMs: null,
  codec: null,
  protocol: null,
};

/**
 * Reads the reports of one's transports, the receiving one first: loss and the jitter buffer over the time since `previous`,
 * the rest as of now. Someone who only sends is shown what the server says that it receives.
 */
export function readSample(reports: readonly Report[], previous: Sample | null): Sample {
  const stats = reports.flatMap((report) => Array.from(report, ([, stat]) => stat as Stat));
  const byId = new Map(stats.map((stat) => [stat.id, stat]));
  const inbound = stats.filter(({ type }) => type === 'inbound-rtp');
  const remote = stats.find(({ type }) => type === 'remote-inbound-rtp');
  const pair = findPair(stats, byId);
  const totals = sumTotals(inbound);
  const streams = inbound.length > 0 ? inbound : remote ? [remote] : [];
  const jitters = streams.map((stat) => numberOf(stat, 'jitter')).filter((value) => value !== null);
  return {
    totals,
    figures: {
      roundTripMs: toMs(numberOf(pair, 'currentRoundTripTime') ?? numberOf(remote, 'roundTripTime')),
      lossPct: inbound.length > 0 ? lossOf(totals, previous?.totals) : percent(numberOf(remote, 'fractionLost')),
      jitterMs: toMs(jitters.length > 0 ? Math.max(...jitters) : null),
      jitterBufferMs: toMs(bufferOf(totals, previous?.totals)),
      codec: stringOf(byId.get(streams[0]?.codecId), 'mimeType'),
      protocol: protocolOf(byId.get(pair?.localCandidateId)),
    },
  };
}

/** What a weak connection has to come below to be called good again. */
const GOOD = { lossPct: 2, roundTripMs: 350, jitterMs: 50 } as const;
const SAMPLES_TO_CHANGE = 2;

/** One word for the figures. Between "good" and "weak" it takes two samples and a margin, so that it does not flicker. */
export class QualityMeter {
  #quality: Quality = 'good';
  #against = 0;

  /** @param connected is every transport that should be? */
  update(figures: ConnectionFigures, connected: boolean): Quality {
    if (!connected) return this.#set('lost');
    if (this.#quality === 'lost') return this.#set('good');
    const limits = this.#quality === 'good' ? WEAK_CONNECTION : GOOD;
    const bad = (['lossPct', 'roundTripMs', 'jitterMs'] as const).some((name) => (figures[name] ?? 0) > limits[name]);
    this.#against = bad === (this.#quality === 'good') ? this.#against + 1 : 0;
    if (this.#against < SAMPLES_TO_CHANGE) return this.#quality;
    return this.#set(bad ? 'weak' : 'good');
  }

  #set(quality: Quality): Quality {
    this.#quality = quality;
    this.#against = 0;
    return quality;
  }
}

function findPair(stats: readonly Stat[], byId: ReadonlyMap<unknown, Stat>): Stat | undefined {
  const transport = stats.find(({ type, selectedCandidatePairId }) => type === 'transport' && selectedCandidatePairId);
  return (
    byId.get(transport?.selectedCandidatePairId) ??
    stats.find(({ type, nominated, state }) => type === 'candidate-pair' && nominated === true && state === 'succeeded')
  );
}

function sumTotals(inbound: readonly Stat[]): Totals {
  const sum = (name: string) => inbound.reduce((total, stat) => total + (numberOf(stat, name) ?? 0), 0);
  return {
    received: sum('packetsReceived'),
    lost: sum('packetsLost'),
    bufferDelayS: sum('jitterBufferDelay'),
    bufferEmitted: sum('jitterBufferEmittedCount'),
  };
}

/** Null without a packet in the interval; a stream that closed in between makes totals shrink, which proves nothing either. */
function lossOf(now: Totals, before: Totals | undefined): number | null {
  const lost = Math.max(0, now.lost - (before?.lost ?? 0));
  const received = now.received - (before?.received ?? 0);
  return received > 0 ? (100 * lost) / (lost + received) : null;
}

function bufferOf(now: Totals, before: Totals | undefined): number | null {
  const emitted = now.bufferEmitted - (before?.bufferEmitted ?? 0);
  const delayS = now.bufferDelayS - (before?.bufferDelayS ?? 0);
  return emitted > 0 && delayS >= 0 ? delayS / emitted : null;
}

function protocolOf(candidate: Stat | undefined): 'udp' | 'tcp' | null {
  const protocol = stringOf(candidate, 'relayProtocol') ?? stringOf(candidate, 'protocol');
  if (protocol === null) return null;
  return protocol === 'udp' ? 'udp' : 'tcp';
}

function numberOf(stat: Stat | undefined, name: string): number | null {
  const value = stat?.[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function stringOf(stat: Stat | undefined, name: string): string | null {
  const value = stat?.[name];
  return typeof value === 'string' ? value : null;
}

function toMs(seconds: number | null): number | null {
  return seconds === null ? null : seconds * 1000;
}

function percent(fraction: number | null): number | null {
  return fraction === null ? null : fraction * 100;
}
