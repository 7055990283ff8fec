import { SegmentSink, type QueuedSegment } from './SegmentQueue.ts';

/** Passes segments on at once, to be heard now and not kept. */
export class LiveSink extends SegmentSink {
  push(segment: QueuedSegment): void {
    this.emit('written', segment);
  }

  rescue(): void {
    // What was to be heard now is over.
  }

  async whenIdle(): Promise<void> {
    // Nothing waits here.
  }
}
