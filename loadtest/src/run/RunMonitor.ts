import type { Audience } from '../people/Audience.ts';
import { NOBODY, type AudienceCount } from '../people/AudiencePart.ts';
import { Histogram } from '../hearing/Histogram.ts';
import type { Progress } from './progress.ts';
import { Series, type LoadTestPhase, type SeriesPoint } from '../report/series.ts';
import { readSfuMetrics } from '../report/sfuMetrics.ts';

const PERIOD_MS = 500;
/** Progress is told twice a second, and kept once. */
const TICKS_PER_POINT = 2;

interface RunMonitorOptions {
  readonly origin: string;
  readonly asked: number;
  readonly startedMs: number;
  /** PendingCalls each time. */
  readonly phase: () => LoadTestPhase;
  readonly audience: () => Audience | null;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** Looks at a run twice a second: tells how it goes, and keeps what the report draws. */
export class RunMonitor {
  readonly #options: RunMonitorOptions;
  readonly #series: Series;
  readonly #timer: NodeJS.Timeout;
  #ticks = 0;
  #isLooking = false;
  #last = { count: NOBODY, cpuMs: 0, atMs: 0 };

  constructor(options: RunMonitorOptions) {
    this.#options = options;
    this.#series = new Series(options.startedMs);
    this.#timer = setInterval(() => {
      if (this.#isLooking) return;
      this.#isLooking = true;
      // Between two phases there may be nobody to count.
      void this.#look()
        .catch(() => undefined)
        .finally(() => (this.#isLooking = false));
    }, PERIOD_MS);
  }

  get points(): readonly SeriesPoint[] {
    return this.#series.points;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const { origin, phase, audience } = this.#options;
    const count = (await audience()?.count()) ?? NOBODY;
    const atMs = performance.now();
    if (audience() && this.#ticks++ % TICKS_PER_POINT === 0) {
      this.#series.add(phase(), { atMs, count, sfu: await readSfuMetrics(origin) });
    }
    this.#tell(count, atMs);
  }

  #tell(count: AudienceCount, atMs: number): void {
    const { asked, startedMs, phase, onProgress } = this.#options;
    const last = this.#last;
    const { user, system } = process.cpuUsage();
    const cpuMs = count.cpuMs + (user + system) / 1000;
    this.#last = { count, cpuMs, atMs };
    const ttfa = new Histogram(count.ttfaBins);
    onProgress?.({
      ...count,
      phase: phase(),
      asked,
      ttfaP50Ms: ttfa.at(0.5),
      ttfaP95Ms: ttfa.at(0.95),
      packetsPerSecond: ((count.received - last.count.received) * 1000) / (atMs - last.atMs),
      elapsedS: (atMs - startedMs) / 1000,
      generatorCpuPct: last.atMs === 0 ? null : (100 * (cpuMs - last.cpuMs)) / (atMs - last.atMs),
      points: this.#series.points,
    });
  }
}
