import type { AudienceCount } from '../people/AudiencePart.ts';
import { nodeCpuPct, workerCpuPct, type SfuSample } from './sfuMetrics.ts';
import { round, roundOrNull } from '../hearing/stats.ts';

export type LoadTestPhase = 'setting up' | 'arriving' | 'holding' | 'measuring';

/** How it was at one second of the run. Figures of the server are null or missing where it did not tell. */
export interface SeriesPoint {
  /** Since the beginning of the run. */
  readonly s: number;
  readonly phase: LoadTestPhase;
  readonly arrived: number;
  readonly waiting: number;
  readonly joined: number;
  readonly failed: number;
  readonly packetsPerSecond: number;
  /** Of the packets since the point before; null where there were none. */
  readonly lossPct: number | null;
  readonly workers: readonly {
    readonly worker: string;
    readonly cpuPct: number | null;
    readonly rssMb: number | null;
  }[];
  readonly nodeCpuPct: number | null;
}

interface Observation {
  readonly atMs: number;
  readonly count: AudienceCount;
  readonly sfu: SfuSample | null;
}

/** Turns counts that only grow into what happened from one second to the next. */
export class Series {
  readonly points: SeriesPoint[] = [];
  readonly #startedMs: number;
  #last: Observation | null = null;

  constructor(startedMs: number) {
    this.#startedMs = startedMs;
  }

  add(phase: LoadTestPhase, observed: Observation): void {
    const last = this.#last;
    this.#last = observed;
    if (!last) return;
    const { arrived, waiting, joined, failed, received, expected } = observed.count;
    const seconds = (observed.atMs - last.atMs) / 1000;
    const due = expected - last.count.expected;
    const got = received - last.count.received;
    this.points.push({
      s: round((observed.atMs - this.#startedMs) / 1000, 1),
      phase,
      arrived,
      waiting,
      joined,
      failed,
      packetsPerSecond: Math.max(0, round(got / seconds, 0)),
      lossPct: due > 0 ? round((100 * Math.max(0, due - got)) / due, 3) : null,
      ...serverBetween(last.sfu, observed.sfu, seconds),
    });
  }
}

function serverBetween(from: SfuSample | null, to: SfuSample | null, seconds: number) {
  if (!to) return { workers: [], nodeCpuPct: null };
  const cpu = from ? workerCpuPct(from, to, seconds) : new Map<string, number>();
  const workers = [...to.workerCpuS.keys()].map((worker) => ({
    worker,
    cpuPct: roundOrNull(cpu.get(worker) ?? null, 1),
    rssMb: roundOrNull((to.workerRssBytes.get(worker) ?? Number.NaN) / 1e6, 1),
  }));
  return { workers, nodeCpuPct: from && roundOrNull(nodeCpuPct(from, to, seconds), 1) };
}
