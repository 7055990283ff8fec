import type { SignalingClient } from '@tribune/shared/SignalingClient.ts';
import type { ConnectionFigures } from '../../state/types.ts';

/** What took longer was a wait for something else, such as a tab put to sleep. */
const MAX_FIRST_AUDIO_MS = 60_000;

interface ReporterOptions {
  readonly request: SignalingClient['request'];
  readonly getFigures: () => Promise<ConnectionFigures>;
}

/** Tells the server now and then how the sound arrives: as often as the server asks, so that a crowd does not flood it. */
export class QualityReporter {
  readonly #options: ReporterOptions;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the sound that has not come yet was asked for. */
  #askedAt: number | null = null;
  #ttfaMs: number | null = null;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** The first report comes at a random moment: those who came together do not report together. */
  start(everyS: number): void {
    this.#schedule(everyS * Math.random());
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** @param askedAt in the terms of `performance.now()`; null when there is no one to be heard. */
  expectSound(askedAt: number | null): void {
    this.#askedAt = askedAt;
  }

  /** A stream is heard for the first time. */
  handleSound(): void {
    if (this.#askedAt === null) return;
    const ms = performance.now() - this.#askedAt;
    this.#askedAt = null;
    if (ms <= MAX_FIRST_AUDIO_MS) this.#ttfaMs = ms;
  }

  #schedule(seconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#report(seconds), seconds * 1000);
  }

  async #report(lastS: number): Promise<void> {
    const timer = this.#timer;
    const ttfaMs = this.#ttfaMs;
    const { roundTripMs: rttMs, lossPct, jitterMs } = await this.#options.getFigures();
    const answer = await this.#options
      .request('quality:report', { ttfaMs, rttMs, lossPct, jitterMs })
      // Not connected: the next welcome starts anew. Refused as too often: later, then.
      .catch(() => null);
    if (answer && this.#ttfaMs === ttfaMs) this.#ttfaMs = null;
    if (this.#timer === timer) this.#schedule(answer?.everyS ?? Math.max(lastS, 20));
  }
}
