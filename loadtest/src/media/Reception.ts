import type { ConsumerInfo, MediaInfo } from '@tribune/shared/protocol.ts';
import { isRtp, payloadOf, payloadTypeOf, sequenceNumberOf, ssrcOf, timestampOf } from '@tribune/shared/rtp.ts';
import { randomInt } from 'node:crypto';
import { MediaConnection, type MediaHandlers } from './MediaConnection.ts';
import { FULL, type ListenerKind } from '../people/kinds.ts';
import { isOpusPacket } from './opus.ts';
import type { RelayOptions } from './Relay.ts';
import { readSenderReport, writeReceiverReport } from './rtcp.ts';
import type { DtlsParameters, OfferedMedia, RtpParameters } from './sdp.ts';
import { SequenceTracker, type StreamCounts } from '../hearing/SequenceTracker.ts';
import { createRandom } from '../random.ts';
import { difference, lostOf, NO_COUNTS, sumCounts } from '../report/stats.ts';
import { mergeQualities, NO_QUALITY, StreamQuality, type Quality } from '../hearing/StreamQuality.ts';

export interface ReceptionHandlers {
  /** Asks the server to take the DTLS parameters (`transport:connect`). */
  connectTransport(transportId: string, dtlsParameters: DtlsParameters): Promise<unknown>;
  /** With every RTP packet, as it arrived; a light listener's is encrypted but for its header. */
  onAudio?(arrivalMs: number, packet: Buffer): void;
  /** Once, when a connection that was up is lost. */
  onLost?(): void;
}

/** A browser reports on audio this often, each time half of it more or less (libwebrtc, `RTCPSender`). */
const REPORT_INTERVAL_MS = 5000;

interface Stream {
  consumer: ConsumerInfo;
  active: boolean;
  readonly tracker: SequenceTracker;
  readonly quality: StreamQuality;
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
  #past: StreamCounts = NO_COUNTS;
  #pastQuality: Quality = NO_QUALITY;
  #corrupt = 0;
  #inflicted = 0;
  #connection: MediaConnection | null = null;
  #closed = false;

  constructor(name: string, info: MediaInfo, handlers: ReceptionHandlers, kind: ListenerKind = FULL) {
    this.#kind = kind;
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

  counts(): StreamCounts {
    return sumCounts([this.#past, ...[...this.#streams.values()].map(({ tracker }) => tracker.counts())]);
  }

  /** How the streams were heard since the last call. */
  takeQuality(): Quality {
    const streams = [...this.#streams.values()].map(({ quality }) => quality.take());
    const here: Quality = { ...NO_QUALITY, corrupt: this.#corrupt, inflicted: this.#inflicted };
    const taken = mergeQualities([this.#pastQuality, here, ...streams]);
    this.#pastQuality = NO_QUALITY;
    this.#corrupt = this.#inflicted = 0;
    return taken;
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
    if (before) {
      this.#past = sumCounts([this.#past, before.tracker.counts()]);
      this.#pastQuality = mergeQualities([this.#pastQuality, before.quality.take()]);
    }
    this.#streams.set(mid, {
      consumer,
      active: true,
      tracker: new SequenceTracker(),
      quality: new StreamQuality(),
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
      else this.#corrupt += 1;
      return;
    }
    const report = readSenderReport(packet);
    if (!report || stream.tracker.extendedHighestSequence < 0 || arrivalMs < stream.nextReportMs) return;
    stream.nextReportMs = arrivalMs + REPORT_INTERVAL_MS * (0.5 + Math.random());
    this.#answer(report, stream, mid);
  }

  /** Of a light listener: the packet is encrypted but for its header. What comes before the keys are there is heard by nobody. */
  #handleClearHeader(packet: Buffer, arrivalMs: number): void {
    const stream = this.connected && this.#findBySsrc(ssrcOf(packet));
    if (stream) this.#count(stream, packet, arrivalMs);
  }

  #count({ tracker, quality }: Stream, packet: Buffer, arrivalMs: number): void {
    const [sequence, timestamp] = [sequenceNumberOf(packet), timestampOf(packet)];
    tracker.add(sequence, timestamp, arrivalMs);
    quality.add(sequence, timestamp, arrivalMs);
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
      onInflicted: () => (this.#inflicted += 1),
      slow: slow ? { network: slow, random: createRandom(seed) } : undefined,
    };
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

/** Is this what the server said it would send, as far as can be told without a decoder? */
function isAsAgreed(packet: Buffer, parameters: RtpParameters): boolean {
  const payload = payloadOf(packet);
  const isCodec = parameters.codecs.some(({ payloadType }) => payloadType === payloadTypeOf(packet));
  return isCodec && ssrcOf(packet) === ssrcIn(parameters) && payload !== null && isOpusPacket(payload);
}

function ssrcIn({ encodings }: RtpParameters): number | undefined {
  return encodings?.[0]?.ssrc;
}
