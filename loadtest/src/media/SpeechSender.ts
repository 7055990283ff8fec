import { randomInt } from 'node:crypto';
import { OPUS_CLOCK_HZ, timestampAt, writeRtp } from '@tribune/shared/rtp.ts';
import { FRAME_MS, type SpeechFrame } from './speech.ts';
import { epochMs } from '../clock.ts';

const FRAME_TICKS = (OPUS_CLOCK_HZ * FRAME_MS) / 1000;
/** Further behind than this, frames are dropped rather than sent in one burst. */
const MAX_CATCH_UP_FRAMES = 25;

export interface SpeechStream {
  readonly ssrc: number;
  readonly payloadType: number;
  /** Negotiated id of the audio level extension; null where it was not. */
  readonly audioLevelId: number | null;
}

/**
 * Says encoded speech in a loop, one RTP packet each 20 ms on the monotonic clock: a late timer is made up for at once, so
 * that the stream does not drift. Timestamps are the clock's, so that a listener knows how long a packet took. As in a browser,
 * a silence that is not sent moves the timestamp on and not the sequence.
 */
export class SpeechSender {
  readonly #frames: readonly SpeechFrame[];
  readonly #stream: SpeechStream;
  readonly #send: (packet: Buffer) => boolean;
  readonly #firstSequence = randomInt(0x8000);
  #index: number;
  #tick = 0;
  #startedMs = 0;
  #firstTimestamp = 0;
  #timer: NodeJS.Timeout | null = null;
  #afterSilence = true;
  #sent = 0;
  #skipped = 0;

  /** @param firstFrame where in the speech to begin, so that speakers with the same text are not in unison. */
  constructor(frames: readonly SpeechFrame[], stream: SpeechStream, send: (packet: Buffer) => boolean, firstFrame = 0) {
    if (frames.length === 0) throw new Error('There is nothing to say');
    this.#frames = frames;
    this.#stream = stream;
    this.#send = send;
    this.#index = firstFrame % frames.length;
  }

  /** Packets handed to the connection so far. */
  get sent(): number {
    return this.#sent;
  }

  /** Frames left out because this process came too late to send them. */
  get skipped(): number {
    return this.#skipped;
  }

  start(): void {
    if (this.#timer) return;
    this.#startedMs = performance.now() - this.#tick * FRAME_MS;
    this.#firstTimestamp = timestampAt(epochMs() - this.#tick * FRAME_MS);
    this.#schedule();
  }

  stop(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#afterSilence = true;
  }

  #schedule(): void {
    const dueMs = this.#startedMs + this.#tick * FRAME_MS;
    this.#timer = setTimeout(() => this.#run(), Math.max(0, dueMs - performance.now()));
  }

  #run(): void {
    const due = Math.floor((performance.now() - this.#startedMs) / FRAME_MS) + 1;
    const tooLate = Math.max(0, due - this.#tick - MAX_CATCH_UP_FRAMES);
    this.#skipped += tooLate;
    this.#tick += tooLate;
    while (this.#tick < due) {
      this.#sendFrame(this.#frames[this.#index]!);
      this.#index = (this.#index + 1) % this.#frames.length;
      this.#tick += 1;
    }
    this.#schedule();
  }

  #sendFrame({ payload, minusDbov, voice }: SpeechFrame): void {
    if (!payload) {
      this.#afterSilence = true;
      return;
    }
    const { ssrc, payloadType, audioLevelId } = this.#stream;
    const packet = writeRtp({
      payloadType,
      sequenceNumber: (this.#firstSequence + this.#sent) & 0xffff,
      timestamp: (this.#firstTimestamp + this.#tick * FRAME_TICKS) % 0x1_0000_0000,
      ssrc,
      marker: this.#afterSilence,
      audioLevel: audioLevelId === null ? undefined : { id: audioLevelId, minusDbov, voice },
      payload,
    });
    if (!this.#send(packet)) return;
    this.#afterSilence = false;
    this.#sent += 1;
  }
}
