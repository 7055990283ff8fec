import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { UsageError } from '@tribune/cli';
import { z } from 'zod';
import type { JoinsResult } from '@tribune/bench/joins.ts';

const BENCH_RESULTS = new URL('../../bench/results/', import.meta.url).pathname;
const positive = z.number().positive();
const median = z.object({ median: positive }).nullish();

/** Figures that differ by less are the same. */
const SAME_SHARE = 0.2;
const USUAL_MICROPHONES = 3;
const MIX_PACKETS_PER_SECOND = 1000 / 60;
const VOICE_PACKETS_PER_SECOND = 50;

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
  httpMsPerListenerSecond: z.object({ stream: positive, hls: positive, nginxHls: positive }).nullish(),
  details: z.object({
    joins: z
      .object({
        clientMs: median,
        clientThreadMs: median,
        clientUsPerPacket: median,
        cold: z.object({ joins: positive, workerMs: positive, nodeMs: positive, clientMs: positive }).nullish(),
        alone: z.object({ p50Ms: positive.nullable() }).nullish(),
        background: z.object({ nodeMsPerSecond: z.number(), scrapeNodeMs: z.number() }).nullish(),
      })
      .nullish(),
    sfu: z.object({ rooms: z.array(z.object({ stageMsPerSecond: median, mixerMsPerSecond: median })) }).nullish(),
  }),
});

/** A figure, and how many there were when it was measured. */
type Measured = readonly [count: number, figure: number];

/** What things cost on the machine that was measured. */
export interface Costs {
  /** Where the figures are from, for the report. */
  readonly source: string;
  readonly sfuUsPerPacket: number;
  /** By number of open microphones, ascending. */
  readonly sfuMsPerListenerSecond: readonly Measured[];
  readonly kbPerListener: number;
  readonly joinWorkerMs: number;
  readonly joinNodeMs: number;
  /** CPU of a simulated client for one join; null where the bench did not tell. */
  readonly joinClientMs: number | null;
  /** The part of `joinClientMs` on the thread of JavaScript; null where the bench did not tell. */
  readonly joinClientThreadMs: number | null;
  /** What the first joins take in processes that were just started; null where the bench did not tell. */
  readonly cold: {
    readonly joins: number;
    readonly workerMs: number;
    readonly nodeMs: number;
    readonly clientMs: number;
  } | null;
  /** CPU of one speaker's stage and of the mixer in each second; null where the bench did not tell. */
  readonly stageMsPerSecond: number | null;
  readonly mixerMsPerSecond: number | null;
  /** CPU of a simulated client for each packet; null where the bench did not tell. */
  readonly clientUsPerPacket: number | null;
  /** Time to first audio of somebody who comes alone, without round trips; null where the bench did not tell. */
  readonly aloneMs: number | null;
  /** What Node takes while nobody comes; null where the bench did not tell. */
  readonly background: { readonly nodeMsPerSecond: number; readonly scrapeNodeMs: number } | null;
  /** CPU for a listener over HTTP and a second; null where the bench did not tell. */
  readonly httpMsPerListenerSecond: Readonly<Record<'stream' | 'hls' | 'nginxHls', number>> | null;
  /** By number of sockets, ascending. */
  readonly broadcastUsPerSocket: readonly Measured[];
}

/**
 * @param file null for the newest of `tools/bench/results`
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
    httpMsPerListenerSecond: figures.httpMsPerListenerSecond ?? null,
    source: `${name} (${machine.cpu}, ${date.slice(0, 10)})`,
    sfuMsPerListenerSecond: ascending(sfuMsPerListenerSecond),
    broadcastUsPerSocket: ascending(broadcastUsPerSocket),
    ...joinDetailsOf(details.joins),
    stageMsPerSecond: details.sfu?.rooms[0]?.stageMsPerSecond?.median ?? null,
    mixerMsPerSecond: details.sfu?.rooms[0]?.mixerMsPerSecond?.median ?? null,
  };
}

/** With joins that were measured just now in place of those of the file. */
export function withJoins(costs: Costs, joins: JoinsResult): Costs {
  return {
    ...costs,
    source: `${costs.source}, joins measured with the check`,
    joinWorkerMs: joins.workerMs?.median ?? costs.joinWorkerMs,
    joinNodeMs: joins.nodeMs?.median ?? costs.joinNodeMs,
    ...joinDetailsOf(joins),
  };
}

/** A message to each of so many sockets, in ms of Node. */
export function broadcastMs({ broadcastUsPerSocket }: Costs, sockets: number): number {
  return along(
    broadcastUsPerSocket.map(([count, us]) => [count, (us * count) / 1000]),
    sockets,
  );
}

/**
 * Whether the server that the bench measured sent one mixed stream: what a listener costs is the same then, within
 * `SAME_SHARE`, whatever the number of microphones.
 */
export function isMixMeasured({ sfuMsPerListenerSecond: measured }: Costs): boolean {
  const all = measured.map(([, ms]) => ms);
  return all.length > 1 && Math.max(...all) <= Math.min(...all) * (1 + SAME_SHARE);
}

/** What a listener to one mixed stream takes of a worker, in ms each second. */
export function mixMsPerListenerSecond(costs: Costs): number {
  if (!isMixMeasured(costs)) return (costs.sfuUsPerPacket / 1000) * MIX_PACKETS_PER_SECOND;
  const measured = costs.sfuMsPerListenerSecond;
  return (measured.find(([count]) => count === USUAL_MICROPHONES) ?? measured[0]!)[1];
}

/** What a listener to a stream for each microphone takes of a worker, in ms each second. */
export function directMsPerListenerSecond(costs: Costs, microphones: number): number {
  if (isMixMeasured(costs)) return (costs.sfuUsPerPacket / 1000) * VOICE_PACKETS_PER_SECOND * microphones;
  return along(costs.sfuMsPerListenerSecond, microphones);
}

/** Between two that were measured on the line through them, beyond the first and the last in proportion to it. */
function along(measured: readonly Measured[], count: number): number {
  const above = measured.findIndex(([at]) => at >= count);
  if (above === -1 || above === 0) {
    const [at, figure] = measured.at(above)!;
    return (figure * count) / at;
  }
  const [[fromCount, from], [toCount, to]] = [measured[above - 1]!, measured[above]!];
  return from + ((to - from) * (count - fromCount)) / (toCount - fromCount);
}

function joinDetailsOf(joins: JoinsResult | z.output<typeof benchFile>['details']['joins']) {
  return {
    joinClientMs: joins?.clientMs?.median ?? null,
    joinClientThreadMs: joins?.clientThreadMs?.median ?? null,
    cold: joins?.cold ?? null,
    clientUsPerPacket: joins?.clientUsPerPacket?.median ?? null,
    aloneMs: joins?.alone?.p50Ms ?? null,
    background: joins?.background ?? null,
  };
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
