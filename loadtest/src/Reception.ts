import type { ConsumerInfo, MediaInfo } from '@tribune/shared/protocol.ts';
import { isRtp, sequenceNumberOf, timestampOf } from '@tribune/shared/rtp.ts';
import { randomInt } from 'node:crypto';
import { MediaConnection } from './MediaConnection.ts';
import { readSenderReport, writeReceiverReport } from './rtcp.ts';
import type { DtlsParameters, OfferedMedia } from './sdp.ts';
import { SequenceTracker, type StreamCounts } from './SequenceTracker.ts';
import { difference, lostOf, NO_COUNTS, sumCounts } from './stats.ts';

export interface ReceptionHandlers {
  /** Asks the server to take the DTLS parameters (`transport:connect`). */
  connectTransport(transportId: string, dtlsParameters: DtlsParameters): Promise<unknown>;
  /** With every RTP packet. */
  onAudio?(arrivalMs: number): void;
  /** Once, when a connection that was up is lost. */
  onLost?(): void;
}

/** A browser reports on audio this often, each time half of it more or less (libwebrtc, `RTCPSender`). */
const REPORT_INTERVAL_MS = 5000;

interface Stream {
  consumer: ConsumerInfo;
  active: boolean;
  tracker: SequenceTracker;
  reported: StreamCounts;
  nextReportMs: number;
}

/** Everything that one peer receives over one transport: its streams, counted one by one. */
export class Reception {
  readonly #name: string;
  readonly #info: MediaInfo;
  readonly #handlers: ReceptionHandlers;
  readonly #reporterSsrc = randomInt(1, 0x1_0000_0000);
  /** By mid, in the order of the m-sections. */
  readonly #streams = new Map<string, Stream>();
  #past: StreamCounts = NO_COUNTS;
  #connection: MediaConnection | null = null;
  #closed = false;

  constructor(name: string, info: MediaInfo, handlers: ReceptionHandlers) {
    this.#name = name;
    this.#info = info;
    this.#handlers = handlers;
    for (const consumer of info.consumers) this.#take(consumer);
  }

  /** False until there is something to hear: a transport without streams has no description to connect with. */
  get hasStreams(): boolean {
    return this.#streams.size > 0;
  }

  get connected(): boolean {
    return this.#connection?.connected ?? false;
  }

  /** Worst jitter of the streams, in ms. */
  get jitterMs(): number {
    return Math.max(0, ...[...this.#streams.values()].map(({ tracker }) => tracker.jitterMs));
  }

  /**
   * Connects the transport and resolves once audio can flow.
   * @throws {MediaError} when ICE or DTLS fails; whatever `connectTransport` throws.
   */
  async connect(timeoutMs: number): Promise<void> {
    if (this.#closed || this.#connection || !this.hasStreams) return;
    const connection = new MediaConnection(this.#name, this.#info.recv, {
      onPacket: (packet, mid, arrivalMs) => this.#handlePacket(packet, mid, arrivalMs),
      onLost: () => this.#handlers.onLost?.(),
    });
    this.#connection = connection;
    const dtlsParameters = connection.offer(this.#media());
    await this.#handlers.connectTransport(this.#info.recv.id, dtlsParameters);
    if (this.#closed) return;
    connection.start();
    await connection.waitUntilConnected(timeoutMs);
  }

  /** Makes room for one more stream; `connect()` is the caller's where it is the first. */
  add(consumer: ConsumerInfo): void {
    if (this.#closed || this.#find(consumer.id)) return;
    this.#take(consumer);
    this.#offerAgain();
  }

  remove(consumerId: string): void {
    if (this.#closed) return;
    const stream = this.#find(consumerId);
    if (!stream) return;
    stream.active = false;
    this.#offerAgain();
  }

  counts(): StreamCounts {
    return sumCounts([this.#past, ...[...this.#streams.values()].map(({ tracker }) => tracker.counts())]);
  }

  close(): void {
    this.#closed = true;
    this.#connection?.close();
  }

  /** A connection that is going down at this moment takes no description any more. */
  #offerAgain(): void {
    try {
      this.#connection?.offer(this.#media());
    } catch {
      this.#handlers.onLost?.();
    }
  }

  #find(consumerId: string): Stream | undefined {
    return [...this.#streams.values()].find(({ consumer, active }) => active && consumer.id === consumerId);
  }

  #take(consumer: ConsumerInfo): void {
    const mid = consumer.rtpParameters.mid ?? String(this.#streams.size);
    const before = this.#streams.get(mid);
    if (before) this.#past = sumCounts([this.#past, before.tracker.counts()]);
    this.#streams.set(mid, {
      consumer,
      active: true,
      tracker: new SequenceTracker(),
      reported: NO_COUNTS,
      nextReportMs: 0,
    });
  }

  #media(): OfferedMedia[] {
    return [...this.#streams].map(([mid, { consumer, active }]) => ({
      mid,
      direction: active ? 'sendonly' : 'inactive',
      rtpParameters: consumer.rtpParameters,
    }));
  }

  #handlePacket(packet: Buffer, mid: string, arrivalMs: number): void {
    const stream = this.#streams.get(mid);
    if (!stream) return;
    if (isRtp(packet)) {
      stream.tracker.add(sequenceNumberOf(packet), timestampOf(packet), arrivalMs);
      this.#handlers.onAudio?.(arrivalMs);
      return;
    }
    const report = readSenderReport(packet);
    if (!report || stream.tracker.extendedHighestSequence < 0 || arrivalMs < stream.nextReportMs) return;
    stream.nextReportMs = arrivalMs + REPORT_INTERVAL_MS * (0.5 + Math.random());
    this.#answer(report, stream, mid);
  }

  /** The server's own view of loss comes from these; sent at once after a sender report, so that the delay since then is none. */
  #answer({ ssrc, middleNtp }: { ssrc: number; middleNtp: number }, stream: Stream, mid: string): void {
    const counts = stream.tracker.counts();
    const interval = difference(stream.reported, counts);
    stream.reported = counts;
    const report = writeReceiverReport({
      reporterSsrc: this.#reporterSsrc,
      ssrc,
      fractionLost: interval.expected > 0 ? lostOf(interval) / interval.expected : 0,
      cumulativeLost: counts.expected - counts.received,
      extendedHighestSequence: stream.tracker.extendedHighestSequence,
      jitter: stream.tracker.jitter,
      lastSenderReport: middleNtp,
      delaySinceLastSenderReportMs: 0,
    });
    this.#connection?.send(report, mid);
  }
}
