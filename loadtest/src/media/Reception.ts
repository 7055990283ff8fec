import type { ConsumerInfo, MediaInfo } from '@tribune/shared/protocol.ts';
import { isRtp, payloadOf, payloadTypeOf, sequenceNumberOf, ssrcOf, timestampOf } from '@tribune/shared/rtp.ts';
import { randomInt } from 'node:crypto';
import { MediaConnection, type MediaHandlers } from './MediaConnection.ts';
import { FULL, type ListenerKind } from '../hearing/kinds.ts';
import { isOpusPacket } from './opus.ts';
import type { RelayOptions } from './Relay.ts';
import { readSenderReport, writeReceiverReport } from './rtcp.ts';
import type { DtlsParameters, OfferedMedia, RtpParameters } from './sdp.ts';
import { HearingRecord, type StreamRecord } from '../hearing/HearingRecord.ts';
import type { StreamCounts } from '../hearing/SequenceTracker.ts';
import { createRandom } from '../random.ts';
import { difference, lostOf, NO_COUNTS } from '../hearing/stats.ts';

export interface ReceptionHandlers {
  /** Asks the server to take the DTLS parameters (`transport:connect`). */
  connectTransport(transportId: string, dtlsParameters: DtlsParameters): Promise<unknown>;
  /** With every RTP packet. */
  onAudio?(arrivalMs: number, packet: Buffer): void;
  /** Once, when a connection that was up is lost. */
  onLost?(): void;
}

/** A browser reports on audio this often, each time half of it more or less (libwebrtc, `RTCPSender`). */
const REPORT_INTERVAL_MS = 5000;

interface Stream {
  consumer: ConsumerInfo;
  active: boolean;
  readonly record: StreamRecord;
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
  readonly #kind: ListenerKind;
  readonly #record: HearingRecord;
  #connection: MediaConnection | null = null;
  #closed = false;

  /** @param record where everything that comes is counted; a listener has one for all receptions */
  constructor(
    name: string,
    info: MediaInfo,
    handlers: ReceptionHandlers,
    kind: ListenerKind = FULL,
    record = new HearingRecord(),
  ) {
    this.#kind = kind;
    this.#record = record;
    this.#name = name;
    this.#info = info;
    this.#handlers = handlers;
    for (const consumer of info.consumers) this.#take(consumer);
  }

  get transportId(): string {
    return this.#info.recv.id;
  }

  /** False until there is something to hear: a transport without streams has no description to connect with. */
  get hasStreams(): boolean {
    return this.#streams.size > 0;
  }

  get connected(): boolean {
    return this.#connection?.connected ?? false;
  }

  /**
   * Connects the transport and resolves once audio can flow.
   * @throws {MediaError} when ICE or DTLS fails; whatever `connectTransport` throws.
   */
  async connect(timeoutMs: number): Promise<void> {
    if (this.#closed || this.#connection || !this.hasStreams) return;
    const handlers: MediaHandlers = {
      onPacket: (packet, mid, arrivalMs) => this.#handlePacket(packet, mid, arrivalMs),
      onLost: () => this.#handlers.onLost?.(),
    };
    const connection = new MediaConnection(this.#name, this.#info.recv, handlers, this.#route());
    this.#connection = connection;
    const dtlsParameters = connection.offer(this.#media());
    await this.#handlers.connectTransport(this.#info.recv.id, dtlsParameters);
    if (this.#closed) return;
    await connection.start();
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

  /** Brings the streams in line with what the server says there are. */
  reconcile(consumers: readonly ConsumerInfo[]): void {
    const listed = new Set(consumers.map(({ id }) => id));
    for (const { consumer, active } of [...this.#streams.values()]) {
      if (active && !listed.has(consumer.id)) this.remove(consumer.id);
    }
    for (const consumer of consumers) this.add(consumer);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#connection?.close();
    for (const { record } of this.#streams.values()) record.end();
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
    this.#streams.get(mid)?.record.end();
    this.#streams.set(mid, {
      consumer,
      active: true,
      record: this.#record.openStream(),
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
      if (isAsAgreed(packet, stream.consumer.rtpParameters)) this.#count(stream, packet, arrivalMs);
      else this.#record.addCorrupt();
      return;
    }
    const report = readSenderReport(packet);
    if (!report || stream.record.extendedHighestSequence < 0 || arrivalMs < stream.nextReportMs) return;
    stream.nextReportMs = arrivalMs + REPORT_INTERVAL_MS * (0.5 + Math.random());
    this.#answer(report, stream, mid);
  }

  /** Handles a packet of a light listener, encrypted but for its header. A packet that comes before the keys are there is not heard. */
  #handleClearHeader(packet: Buffer, arrivalMs: number): void {
    const stream = this.connected && this.#findBySsrc(ssrcOf(packet));
    if (stream) this.#count(stream, packet, arrivalMs);
  }

  #count({ record }: Stream, packet: Buffer, arrivalMs: number): void {
    record.add(sequenceNumberOf(packet), timestampOf(packet), arrivalMs);
    this.#handlers.onAudio?.(arrivalMs, packet);
  }

  #findBySsrc(ssrc: number): Stream | undefined {
    for (const stream of this.#streams.values()) {
      if (stream.active && ssrcIn(stream.consumer.rtpParameters) === ssrc) return stream;
    }
    return undefined;
  }

  /** A listener that is full and on a good network needs nobody between. */
  #route(): RelayOptions | null {
    const { isFull, slow, seed } = this.#kind;
    if (isFull && !slow) return null;
    return {
      onAudio: isFull ? undefined : (packet, arrivalMs) => this.#handleClearHeader(packet, arrivalMs),
      onInflicted: () => this.#record.addInflicted(),
      slow: slow ? { network: slow, random: createRandom(seed) } : undefined,
    };
  }

  /** The server's own view of loss comes from these; sent at once after a sender report, so that the delay since then is none. */
  #answer({ ssrc, middleNtp }: { ssrc: number; middleNtp: number }, stream: Stream, mid: string): void {
    const counts = stream.record.counts();
    const interval = difference(stream.reported, counts);
    stream.reported = counts;
    const report = writeReceiverReport({
      reporterSsrc: this.#reporterSsrc,
      ssrc,
      fractionLost: interval.expected > 0 ? lostOf(interval) / interval.expected : 0,
      cumulativeLost: counts.expected - counts.received,
      extendedHighestSequence: stream.record.extendedHighestSequence,
      jitter: stream.record.jitter,
      lastSenderReport: middleNtp,
      delaySinceLastSenderReportMs: 0,
    });
    this.#connection?.send(report, mid);
  }
}

/** Is this what the server said it would send, as far as can be told without a decoder? */
function isAsAgreed(packet: Buffer, parameters: RtpParameters): boolean {
  const payload = payloadOf(packet);
  const isCodec = parameters.codecs.some(({ payloadType }) => payloadType === payloadTypeOf(packet));
  return isCodec && ssrcOf(packet) === ssrcIn(parameters) && payload !== null && isOpusPacket(payload);
}

function ssrcIn({ encodings }: RtpParameters): number | undefined {
  return encodings?.[0]?.ssrc;
}
