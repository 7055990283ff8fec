import { EventEmitter } from 'node:events';
import { isRtp, ssrcOf } from '@tribune/shared/rtp.ts';
import type { Gap } from '../sql/recording.ts';
import type { RecordedMix } from './recorderMessages.ts';
import { SEGMENT_MS, writeSegment, type Segment } from './segment.ts';
import { Segmenter } from './Segmenter.ts';
import type { QueuedSegment, SegmentSink } from './SegmentQueue.ts';
import { createWriterName, segmentKey } from './storedSegments.ts';

/** Those who stop and start again within a segment have both parts of it: what they recorded is kept for so long. */
const KEPT_AFTER_STOP_MS = 2 * SEGMENT_MS;
/** What may be lost with this process. */
const DRAFT_EVERY_MS = 1000;
/** For so many segments, a minute, a home may wait for a slow storage and then die: others hold what it had not stored. */
const MAX_HELD = 20;

interface Recording {
  readonly segmenter: Segmenter;
  mix: RecordedMix;
  /** Unix time in ms; null while it goes on. */
  stoppedAt: number | null;
  /** What the home is to store. */
  held: QueuedSegment[];
  hasBegun: boolean;
  isDraft: boolean;
}

/** Makes segments of mixes: packets in, segments out to where they go. Without sockets and timers. */
export class MixRecorder extends EventEmitter<{
  gap: [recordingId: string, Gap];
  /** The first packet of a mix that this node stores has come. Of one that it held before, nothing is told: it has heard what was before. */
  begun: [recordingId: string, atMs: number];
  /** A segment that is not over, as it is now. */
  draft: [QueuedSegment];
}> {
  readonly #sink: SegmentSink;
  readonly #writer = createWriterName();
  readonly #recordings = new Map<string, Recording>();
  readonly #bySsrc = new Map<number, Recording>();
  #draftedMs = 0;

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

  /** Of these, this node is the home. */
  get storedCount(): number {
    return [...this.#bySsrc.values()].filter(({ mix }) => mix.isHome).length;
  }

  /** Harmless when repeated. */
  record(mix: RecordedMix): void {
    const recording = this.#recordings.get(mix.recordingId) ?? this.#create(mix);
    const before = recording.mix;
    if (recording.stoppedAt !== null) recording.segmenter.resume();
    recording.stoppedAt = null;
    this.#bySsrc.delete(before.ssrc);
    this.#bySsrc.set(mix.ssrc, recording);
    // What came before is of the home before.
    if (before.epoch !== mix.epoch || before.isHome !== mix.isHome) recording.segmenter.flush();
    recording.mix = mix;
    if (before.epoch === mix.epoch && !mix.isHome) return;
    this.#sink.rescue(recording.held);
    recording.held = [];
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
    if (recording?.mix.port !== port) return;
    recording.segmenter.receive(packet, nowMs);
    if (recording.hasBegun) return;
    recording.hasBegun = true;
    const { recordingId, isHome } = recording.mix;
    if (isHome) this.emit('begun', recordingId, recording.segmenter.heardUntil ?? nowMs);
  }

  /** To be called a few times a second. */
  tick(nowMs: number): void {
    for (const [recordingId, { segmenter, stoppedAt }] of this.#recordings) {
      segmenter.tick(nowMs);
      if (stoppedAt !== null && nowMs - stoppedAt > KEPT_AFTER_STOP_MS) this.#recordings.delete(recordingId);
    }
    if (nowMs - this.#draftedMs < DRAFT_EVERY_MS) return;
    this.#draftedMs = nowMs;
    for (const recording of this.#bySsrc.values()) this.#draft(recording);
  }

  /** Where no other node hears the mix, it goes to the storage at once; elsewhere it need only outlive this process. */
  #draft(recording: Recording): void {
    const { mix, segmenter } = recording;
    if (!mix.isHome || this.listenerCount('draft') === 0) return;
    if (mix.isAlone) return segmenter.flush();
    recording.isDraft = true;
    segmenter.draft();
    recording.isDraft = false;
  }

  #create(mix: RecordedMix): Recording {
    const segmenter = new Segmenter();
    const recording: Recording = {
      ...{ segmenter, mix, stoppedAt: null, held: [], hasBegun: false, isDraft: false },
    };
    this.#recordings.set(mix.recordingId, recording);
    segmenter.on('segment', (segment, isWhole) => this.#take(recording, segment, isWhole));
    segmenter.on('missing', (missing) => {
      // The home may have heard what did not come here.
      if (recording.mix.isHome) this.emit('gap', mix.recordingId, { ...missing, reason: 'mixer' });
    });
    return recording;
  }

  #take(recording: Recording, segment: Segment, isWhole: boolean): void {
    const { recordingId, epoch, isHome } = recording.mix;
    const { index } = segment;
    const key = segmentKey(recordingId, { index, epoch }, this.#writer);
    const until = Math.min((index + 1) * SEGMENT_MS, recording.segmenter.heardUntil ?? Infinity);
    const queued = { recordingId, index, key, until, isWhole, bytes: writeSegment(segment) };
    if (recording.isDraft) this.emit('draft', queued);
    else if (isHome) this.#sink.push(queued);
    else recording.held = [...recording.held.filter((other) => other.key !== key), queued].slice(-MAX_HELD);
  }
}
