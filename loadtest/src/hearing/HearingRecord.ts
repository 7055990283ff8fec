import { NO_COUNTS, sumCounts } from './stats.ts';
import { SequenceTracker, type StreamCounts } from './SequenceTracker.ts';
import { mergeQualities, NO_QUALITY, StreamQuality, type Quality } from './StreamQuality.ts';

/** The measurements of one RTP stream, which belong to a `HearingRecord`. */
export class StreamRecord {
  readonly #tracker = new SequenceTracker();
  readonly #quality = new StreamQuality();
  readonly #onEnd: (stream: StreamRecord) => void;

  /** @param onEnd called with every `end()` */
  constructor(onEnd: (stream: StreamRecord) => void) {
    this.#onEnd = onEnd;
  }

  get jitterMs(): number {
    return this.#tracker.jitterMs;
  }

  /** In units of the stream's clock. */
  get jitter(): number {
    return this.#tracker.jitter;
  }

  /** Below 0 before the first packet. */
  get extendedHighestSequence(): number {
    return this.#tracker.extendedHighestSequence;
  }

  /** @param arrivalMs of `performance.now()` */
  add(sequenceNumber: number, timestamp: number, arrivalMs: number): void {
    this.#tracker.add(sequenceNumber, timestamp, arrivalMs);
    this.#quality.add(sequenceNumber, timestamp, arrivalMs);
  }

  counts(): StreamCounts {
    return this.#tracker.counts();
  }

  takeQuality(): Quality {
    return this.#quality.take();
  }

  /** Nothing more comes on this stream. What was measured stays in the record, once, however often this is called. */
  end(): void {
    this.#onEnd(this);
  }
}

/**
 * Everything that one listener heard, over all visits, connections and streams. It is handed down to whatever receives, so that
 * no owner has to add up what the parts that it replaced had measured.
 */
export class HearingRecord {
  /** How often the server asked for media to be built anew. */
  mediaRestarts = 0;
  /** How often the server said to come back later. */
  refusals = 0;
  /** How often a node gave a ticket and passed no media, so that the listener went to another. */
  mediaFailed = 0;
  readonly #streams = new Set<StreamRecord>();
  #endedCounts: StreamCounts = NO_COUNTS;
  #endedQuality: Quality = NO_QUALITY;
  #corrupt = 0;
  #inflicted = 0;

  /** A stream that is counted from now on; whoever opens it ends it. */
  openStream(): StreamRecord {
    const stream = new StreamRecord((ended) => this.#end(ended));
    this.#streams.add(stream);
    return stream;
  }

  /** The streams that have not ended. */
  get openStreams(): number {
    return this.#streams.size;
  }

  /** The worst jitter of the streams that have not ended. */
  get jitterMs(): number {
    return Math.max(0, ...[...this.#streams].map(({ jitterMs }) => jitterMs));
  }

  /** A packet that is not what its stream should carry. */
  addCorrupt(): void {
    this.#corrupt += 1;
  }

  /** A packet that the emulated network took away. */
  addInflicted(): void {
    this.#inflicted += 1;
  }

  counts(): StreamCounts {
    return sumCounts([this.#endedCounts, ...[...this.#streams].map((stream) => stream.counts())]);
  }

  /** How everything was heard since the last call. */
  takeQuality(): Quality {
    const here: Quality = { ...NO_QUALITY, corrupt: this.#corrupt, inflicted: this.#inflicted };
    const taken = mergeQualities([
      this.#endedQuality,
      here,
      ...[...this.#streams].map((stream) => stream.takeQuality()),
    ]);
    this.#endedQuality = NO_QUALITY;
    this.#corrupt = this.#inflicted = 0;
    return taken;
  }

  #end(stream: StreamRecord): void {
    if (!this.#streams.delete(stream)) return;
    this.#endedCounts = sumCounts([this.#endedCounts, stream.counts()]);
    this.#endedQuality = mergeQualities([this.#endedQuality, stream.takeQuality()]);
  }
}
