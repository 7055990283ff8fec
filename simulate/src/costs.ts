import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { UsageError } from './UsageError.ts';

const BENCH_RESULTS = new URL('../../bench/results/', import.meta.url).pathname;
const positive = z.number().positive();

/** What the model needs of a file that `npm run bench` has written. */
const benchFile = z.object({
  date: z.string(),
  machine: z.object({ cpu: z.string(), cores: positive }),
  sfuUsPerPacket: positive,
  sfuMsPerListenerSecond: z.record(z.string(), positive),
  kbPerListener: positive,
  joinWorkerMs: positive,
  joinNodeMs: positive,
  broadcastUsPerSocket: z.record(z.string(), positive),
  details: z.object({
    joins: z.object({ clientMs: z.object({ median: positive }).nullish() }).nullish(),
  }),
});

/** What things cost on the machine that was measured. */
export interface Costs {
  /** Where the figures are from, for the report. */
  readonly source: string;
  readonly sfuUsPerPacket: number;
  /** By number of open microphones, ascending. */
  readonly sfuMsPerListenerSecond: readonly (readonly [microphones: number, ms: number])[];
  readonly kbPerListener: number;
  readonly joinWorkerMs: number;
  readonly joinNodeMs: number;
  /** CPU of a simulated client for one join; null where the bench did not tell. */
  readonly joinClientMs: number | null;
  /** Of the largest number of sockets that was measured: crowds are what is asked about. */
  readonly broadcastUsPerSocket: number;
}

/**
 * @param file null for the newest of `bench/results`
 * @throws {UsageError} when there is none, or it is not a complete result of the bench
 */
export async function readCosts(file: string | null): Promise<Costs> {
  const path = file ?? (await newestResult());
  const text = await readFile(path, 'utf8').catch(() => {
    throw new UsageError(`--bench names a file that cannot be read: ${path}`);
  });
  return parseCosts(text, basename(path));
}

/** @throws {UsageError} */
export function parseCosts(text: string, name: string): Costs {
  const parsed = benchFile.safeParse(jsonOf(text));
  if (!parsed.success) throw new UsageError(`${name} is not a complete result of npm run bench`);
  const { date, machine, details, sfuMsPerListenerSecond, broadcastUsPerSocket, ...figures } = parsed.data;
  return {
    ...figures,
    source: `${name} (${machine.cpu}, ${date.slice(0, 10)})`,
    sfuMsPerListenerSecond: ascending(sfuMsPerListenerSecond),
    broadcastUsPerSocket: ascending(broadcastUsPerSocket).at(-1)?.[1] ?? 0,
    joinClientMs: details.joins?.clientMs?.median ?? null,
  };
}

/** Between two measured numbers of microphones on the line through them, beyond the last one in proportion to it. */
export function directMsPerListenerSecond({ sfuMsPerListenerSecond: measured }: Costs, microphones: number): number {
  const above = measured.findIndex(([count]) => count >= microphones);
  if (above === -1 || above === 0) {
    const [count, ms] = measured.at(above)!;
    return (ms * microphones) / count;
  }
  const [[fromCount, fromMs], [toCount, toMs]] = [measured[above - 1]!, measured[above]!];
  return fromMs + ((toMs - fromMs) * (microphones - fromCount)) / (toCount - fromCount);
}

async function newestResult(): Promise<string> {
  const names = await readdir(BENCH_RESULTS).catch(() => []);
  const files = names.filter((name) => name.endsWith('.json')).map((name) => join(BENCH_RESULTS, name));
  const dated = await Promise.all(
    files.map(async (path) => ({ path, day: basename(path).slice(0, 10), changed: (await stat(path)).mtimeMs })),
  );
  const newest = dated.sort((a, b) => a.day.localeCompare(b.day) || a.changed - b.changed).at(-1);
  if (!newest) throw new UsageError('There is no result of npm run bench: run it, or name one with --bench');
  return newest.path;
}

function ascending(figures: Readonly<Record<string, number>>): [number, number][] {
  return Object.entries(figures)
    .map(([key, value]): [number, number] => [Number(key), value])
    .sort(([a], [b]) => a - b);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
