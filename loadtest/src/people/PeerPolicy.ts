import { ReconnectPolicy, type ReconnectContext, type RetryPolicy } from '@tribune/shared/ReconnectPolicy.ts';
import type { HearingRecord } from '../hearing/HearingRecord.ts';

/** A person who has found no connection for so long has lost the room. */
const SEEK_MS = 60_000;

/**
 * When a simulated person tries again: with the delays of a page, but only after what the run expects. A failure that nobody
 * expects is the listener's, so that it is counted.
 */
export class PeerPolicy implements RetryPolicy {
  readonly #page = new ReconnectPolicy();
  readonly #follows: boolean;
  readonly #record: HearingRecord;
  /** Since when a connection that was lost for a reason that the run expects is being sought; null while there is one. */
  #seekingSinceMs: number | null = null;

  /** @param follows comes back after every loss, as a page does; else only after a move */
  constructor(follows: boolean, record: HearingRecord) {
    this.#follows = follows;
    this.#record = record;
  }

  /** The connection is about to be lost on purpose. */
  expectLoss(): void {
    this.#seekingSinceMs ??= performance.now();
  }

  /** There is a connection. */
  handleJoined(): void {
    this.#seekingSinceMs = null;
  }

  nextDelayMs(context: ReconnectContext): number | null {
    const { cause, retryAfterS } = context;
    if (cause === 'RATE_LIMITED' && retryAfterS !== null) {
      this.#record.refusals += 1;
      return this.#page.nextDelayMs(context);
    }
    if (this.#follows || cause === 'moved') this.expectLoss();
    if (this.#seekingSinceMs === null || performance.now() - this.#seekingSinceMs > SEEK_MS) return null;
    return this.#page.nextDelayMs(context);
  }
}
