import type { Transport } from 'mediasoup-client/types';
import { NO_FIGURES, QualityMeter, readSample, type Sample } from './stats.ts';
import type { ConnectionFigures, Quality } from '../../state/types.ts';

const POLL_MS = 2500;

interface StatsOptions {
  /** Those that exist at the moment, the receiving one first. */
  readonly getTransports: () => readonly Transport[];
  readonly onQuality: (quality: Quality) => void;
}

/** Samples the transports while in the room, for the figures and for the one word that the person sees. */
export class ConnectionStats {
  readonly #options: StatsOptions;
  readonly #meter = new QualityMeter();
  #sample: Sample | null = null;
  #sampling: Promise<void> | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(options: StatsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.#poll(), POLL_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** The last figures, or the first where there are none yet. */
  async getFigures(): Promise<ConnectionFigures> {
    if (!this.#sample) await this.#poll();
    return this.#sample?.figures ?? NO_FIGURES;
  }

  #poll(): Promise<void> {
    this.#sampling ??= this.#take().finally(() => {
      this.#sampling = null;
    });
    return this.#sampling;
  }

  async #take(): Promise<void> {
    const transports = this.#options.getTransports();
    // A transport that closes in between has no report.
    const reports = await Promise.all(transports.map((transport) => transport.getStats().catch(() => new Map())));
    this.#sample = readSample(reports, this.#sample);
    const connected = transports.every(({ connectionState }) => !['disconnected', 'failed'].includes(connectionState));
    const quality = this.#meter.update(this.#sample.figures, connected);
    if (this.#timer !== undefined) this.#options.onQuality(quality);
  }
}
