import { OPUS_CLOCK_HZ } from '@tribune/shared/rtp.ts';
import { unwrapTimestamp } from '@tribune/shared/rtp/numbering.ts';

const TICKS_PER_MS = OPUS_CLOCK_HZ / 1000;
/** Times before are counted from the beginning of the page: browsers do not agree. */
const FIRST_UNIX_MS = 1e12;
/** The mix sends something each 0.4 s, also in silence. */
const MAX_AGE_MS = 1000;
/** What a browser buffers at most. */
export const MAX_DELAY_MS = 4000;

/** What of an `RTCRtpReceiver` tells and decides which moment of the mix one hears. `jitterBufferTarget` is not everywhere. */
export interface MixReceiver {
  getSynchronizationSources(): readonly { readonly rtpTimestamp: number; readonly timestamp: number }[];
  jitterBufferTarget?: number | null;
}

/** The moment of the mix that one hears over WebRTC. Its timestamps count from 1970, but for what does not fit in 32 bits. */
export class MixClock {
  readonly #receiver: MixReceiver;

  constructor(receiver: MixReceiver) {
    this.#receiver = receiver;
  }

  /** Can it be played later than it comes? */
  get canDelay(): boolean {
    return 'jitterBufferTarget' in this.#receiver;
  }

  /** For how long nothing has been played; null before anything was. */
  get silentMs(): number | null {
    const newest = this.#newest;
    return newest && Math.max(0, unixNow() - newest.atMs);
  }

  /** Unix time in ms of what one hears at this moment, by the clock of the mix; null while nothing comes. @param nearMs to a day or so */
  positionMs(nearMs: number): number | null {
    const newest = this.#newest;
    if (!newest) return null;
    const ageMs = unixNow() - newest.atMs;
    return ageMs > MAX_AGE_MS ? null : unwrap(newest.rtpTimestamp, nearMs) + ageMs;
  }

  /** That of the last sound, however long ago. */
  lastPositionMs(nearMs: number): number | null {
    const newest = this.#newest;
    return newest && unwrap(newest.rtpTimestamp, nearMs);
  }

  /** Plays so much later than it comes, as soon as it may: the browser slows down or hurries a little, and skips nothing. */
  delay(ms: number | null): void {
    if (this.canDelay) this.#receiver.jitterBufferTarget = ms === null ? null : Math.min(MAX_DELAY_MS, Math.max(0, ms));
  }

  get #newest(): { readonly rtpTimestamp: number; readonly atMs: number } | null {
    const sources = this.#receiver.getSynchronizationSources();
    const [newest] = [...sources].toSorted((a, b) => b.timestamp - a.timestamp);
    if (!newest) return null;
    const { rtpTimestamp, timestamp } = newest;
    return { rtpTimestamp, atMs: timestamp < FIRST_UNIX_MS ? timestamp + performance.timeOrigin : timestamp };
  }
}

function unixNow(): number {
  return performance.timeOrigin + performance.now();
}

function unwrap(timestamp: number, nearMs: number): number {
  return unwrapTimestamp(Math.round(nearMs * TICKS_PER_MS), timestamp) / TICKS_PER_MS;
}
