import { REACTION_KINDS, type ReactionKind } from '@tribune/shared/domain.ts';
import { CLOSE_REASONS, ERROR_CODES } from '@tribune/shared/errors.ts';
import type { QualityReport } from '@tribune/shared/schemas.ts';
import { version as mediasoupVersion } from 'mediasoup';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import packageJson from '../../package.json' with { type: 'json' };
import type { Uplink } from '../media/FloodGuard.ts';
import type { Downlink } from '../media/AudienceRouter.ts';
import type { RoomObserver } from '../rooms/RoomObserver.ts';
import type { StoreObserver } from '../store/RoomStore.ts';

const REDIS_BUCKETS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 4];
const FIRST_AUDIO_BUCKETS_S = [0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30];
const ROUND_TRIP_BUCKETS_S = [0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.35, 0.5, 1, 2];
const LOSS_BUCKETS = [0, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5];
const JITTER_BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.15, 0.5];

/** A process that has nothing to do would wake up for this alone, and most often: at 10 ms it was a quarter of the CPU that an idle node took. */
const LAG_PRECISION_MS = 100;

/** What Prometheus reads: units in the names, no label that grows with rooms or people. */
export class Metrics implements RoomObserver, StoreObserver {
  readonly registry = new Registry();
  readonly joins: Counter<'outcome'>;
  readonly closes: Counter<'reason'>;
  /** Faults that no code caught. */
  readonly unhandled: Counter<'kind'>;
  readonly #reactions: Counter<'kind'>;
  readonly #mediaRestarts: Counter;
  readonly #speakerPackets: Counter;
  readonly #speakerPacketsLost: Counter;
  readonly #mixPackets: Counter<'worker'>;
  readonly #speakerJitter: Histogram;
  readonly #timeToFirstAudio: Histogram;
  readonly #clientRoundTrip: Histogram;
  readonly #clientLoss: Histogram;
  readonly #clientJitter: Histogram;
  readonly #redisRoundTrip: Histogram;
  readonly #redisFailures: Counter;

  constructor() {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: LAG_PRECISION_MS });
    new Gauge({
      name: 'tribune_build_info',
      help: 'Always 1; the labels say which versions run.',
      labelNames: ['version', 'mediasoup'],
      registers,
    }).set({ version: packageJson.version, mediasoup: mediasoupVersion }, 1);
    this.joins = new Counter({
      name: 'tribune_joins_total',
      help: 'Joins by outcome: joined, or the code with which the ticket or the handshake was refused.',
      labelNames: ['outcome'],
      registers,
    });
    this.closes = new Counter({
      name: 'tribune_closes_total',
      help: 'Connections that the server closed, by the reason that it gave.',
      labelNames: ['reason'],
      registers,
    });
    this.unhandled = new Counter({
      name: 'tribune_unhandled_total',
      help: 'Promises rejected and exceptions thrown that no code caught. The server goes on after them; each is a fault in it.',
      labelNames: ['kind'],
      registers,
    });
    this.#reactions = new Counter({
      name: 'tribune_reactions_total',
      help: 'Reactions sent.',
      labelNames: ['kind'],
      registers,
    });
    this.#mediaRestarts = new Counter({
      name: 'tribune_media_restarts_total',
      help: 'Connections asked to start media: when a room goes live, when someone comes on stage or leaves it, or after the death of a worker.',
      registers,
    });
    this.#speakerPackets = new Counter({
      name: 'tribune_speaker_packets_total',
      help: 'RTP packets received from people on stage.',
      registers,
    });
    this.#speakerPacketsLost = new Counter({
      name: 'tribune_speaker_packets_lost_total',
      help: 'RTP packets of people on stage that never arrived.',
      registers,
    });
    this.#mixPackets = new Counter({
      name: 'tribune_worker_mix_packets_total',
      help: 'RTP packets of mixes that each media worker sent to listeners: what came in, times those who hear it, once a second.',
      labelNames: ['worker'],
      registers,
    });
    this.#speakerJitter = new Histogram({
      name: 'tribune_speaker_jitter_seconds',
      help: 'Interarrival jitter of each voice received, read once a second.',
      buckets: JITTER_BUCKETS_S,
      registers,
    });
    this.#timeToFirstAudio = new Histogram({
      name: 'tribune_time_to_first_audio_seconds',
      help: 'From asking for a ticket, or being told to start media, to the first sound played, as clients report it.',
      buckets: FIRST_AUDIO_BUCKETS_S,
      registers,
    });
    this.#clientRoundTrip = new Histogram({
      name: 'tribune_client_round_trip_seconds',
      help: 'Round trip between a client and the media worker, as clients report it.',
      buckets: ROUND_TRIP_BUCKETS_S,
      registers,
    });
    this.#clientLoss = new Histogram({
      name: 'tribune_client_loss_ratio',
      help: 'Share of packets lost in the seconds before a report, 0 to 1, as clients report it.',
      buckets: LOSS_BUCKETS,
      registers,
    });
    this.#clientJitter = new Histogram({
      name: 'tribune_client_jitter_seconds',
      help: 'Interarrival jitter, as clients report it.',
      buckets: JITTER_BUCKETS_S,
      registers,
    });
    this.#redisRoundTrip = new Histogram({
      name: 'tribune_redis_round_trip_seconds',
      help: 'From a command to the answer of Redis, the run of its script included.',
      buckets: REDIS_BUCKETS_S,
      registers,
    });
    this.#redisFailures = new Counter({
      name: 'tribune_redis_failures_total',
      help: 'Commands that Redis did not answer, or answered with an error.',
      registers,
    });
    this.#showZeros();
  }

  /** A series that first appears with its first event has no increase to alert on: all of them are there from the start. */
  #showZeros(): void {
    for (const outcome of ['joined', ...ERROR_CODES]) this.joins.inc({ outcome }, 0);
    for (const kind of ['rejection', 'exception']) this.unhandled.inc({ kind }, 0);
    for (const reason of CLOSE_REASONS) this.closes.inc({ reason }, 0);
    for (const kind of REACTION_KINDS) this.#reactions.inc({ kind }, 0);
  }

  handleReaction(kind: ReactionKind): void {
    this.#reactions.inc({ kind });
  }

  handleMediaRestart(): void {
    this.#mediaRestarts.inc();
  }

  handleReport({ ttfaMs, rttMs, lossPct, jitterMs }: QualityReport): void {
    observe(this.#timeToFirstAudio, ttfaMs, 1000);
    observe(this.#clientRoundTrip, rttMs, 1000);
    observe(this.#clientLoss, lossPct, 100);
    observe(this.#clientJitter, jitterMs, 1000);
  }

  handleUplink({ packets, lost, jitterS }: Uplink): void {
    this.#speakerPackets.inc(packets);
    this.#speakerPacketsLost.inc(lost);
    // A voice that is silent sends nothing, and what it last had says nothing new.
    if (packets > 0) this.#speakerJitter.observe(jitterS);
  }

  handleDownlink({ worker, packets }: Downlink): void {
    this.#mixPackets.inc({ worker }, packets);
  }

  handleAnswer(seconds: number): void {
    this.#redisRoundTrip.observe(seconds);
  }

  handleFailure(): void {
    this.#redisFailures.inc();
  }
}

function observe(histogram: Histogram, value: number | null | undefined, perUnit: number): void {
  if (typeof value === 'number') histogram.observe(value / perUnit);
}
