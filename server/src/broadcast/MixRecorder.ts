import { EventEmitter } from 'node:events';
import { isRtp, ssrcOf } from '@tribune/shared/rtp.ts';
import { recordingPrefix } from '../archive/Archive.ts';
import type { Gap } from '../sql/recording.ts';
import type { RecordedMix } from './recorderMessages.ts';
import { SEGMENT_MS, segmentName, writeSegment, type Segment } from './segment.ts';
import { Segmenter } from './Segmenter.ts';
import type { SegmentSink } from './SegmentQueue.ts';

/** Those who stop and start again within a segment have both parts of it: what they recorded is kept for so long. */
const KEPT_AFTER_STOP_MS = 2 * SEGMENT_MS;

interface Recording {
  readonly mix: RecordedMix;
  readonly segmenter: Segmenter;
  /** Unix time in ms; null while it goes on. */
  stoppedAt: number | null;
}

/** Makes segments of mixes: packets in, segments out to where they go. Without sockets and timers. */
export class MixRecorder extends EventEmitter<{ gap: [recordingId: string, Gap] }> {
  readonly #sink: SegmentSink;
  readonly #recordings = new Map<string, Recording>();
  readonly #bySsrc = new Map<number, Recording>();

  constructor(sink: SegmentSink) {
    super();
    this.#sink = sink;
    sink.on('lost', ({ recordingId, index }, reason) => {
      const from = index * SEGMENT_MS;
      this.emit('gap', recordingId, { from, to: from + SEGMENT_MS, reason });
    });
  }

  get count(): number {
    return this.#bySsrc.size;
  }

  /** Harmless when repeated. */
  record(mix: RecordedMix): void {
    const known = this.#recordings.get(mix.recordingId);
    if (known && known.stoppedAt === null && known.mix.ssrc === mix.ssrc && known.mix.port === mix.port) return;
    if (known) this.#bySsrc.delete(known.mix.ssrc);
    const segmenter = known?.segmenter ?? this.#createSegmenter(mix);
    if (known && known.stoppedAt !== null) segmenter.resume();
    const recording = { mix, segmenter, stoppedAt: null };
    this.#recordings.set(mix.recordingId, recording);
    this.#bySsrc.set(mix.ssrc, recording);
  }

  /** Resolves when everything that came before is stored, or told as a gap. */
  async stop(recordingId: string, nowMs: number): Promise<void> {
    const recording = this.#recordings.get(recordingId);
    if (recording) {
      recording.stoppedAt ??= nowMs;
      this.#bySsrc.delete(recording.mix.ssrc);
      recording.segmenter.flush();
    }
    await this.#sink.whenIdle(recordingId);
  }

  /** Nobody wants any more of it, nor the segment that is not over. */
  drop(recordingId: string): void {
    const recording = this.#recordings.get(recordingId);
    if (!recording) return;
    this.#bySsrc.delete(recording.mix.ssrc);
    this.#recordings.delete(recordingId);
  }

  /** Takes one datagram, whatever it holds. @param port that it was sent from, on 127.0.0.1 */
  receive(packet: Buffer, port: number, nowMs: number): void {
    const recording = isRtp(packet) ? this.#bySsrc.get(ssrcOf(packet)) : undefined;
    if (recording?.mix.port === port) recording.segmenter.receive(packet, nowMs);
  }

  /** To be called a few times a second. */
  tick(nowMs: number): void {
    for (const [recordingId, { segmenter, stoppedAt }] of this.#recordings) {
      segmenter.tick(nowMs);
      if (stoppedAt !== null && nowMs - stoppedAt > KEPT_AFTER_STOP_MS) this.#recordings.delete(recordingId);
    }
  }

  #createSegmenter({ recordingId }: RecordedMix): Segmenter {
    const prefix = recordingPrefix(recordingId);
    const segmenter = new Segmenter();
    segmenter.on('segment', (segment: Segment) => {
      const { index } = segment;
      this.#sink.push({ recordingId, index, key: prefix + segmentName(index), bytes: writeSegment(segment) });
    });
    segmenter.on('missing', (missing) => this.emit('gap', recordingId, { ...missing, reason: 'mixer' }));
    return segmenter;
  }
}
