import { z } from 'zod';

const TIMEOUT_MS = 5000;

/** What the server says of its own consumption, at one moment. */
export interface SfuSample {
  /** CPU time of every media worker, in seconds, by worker. */
  readonly workerCpuS: ReadonlyMap<string, number>;
  readonly workerRssBytes: ReadonlyMap<string, number>;
  /** CPU time of the server's Node process in seconds, of all of them in a cluster; null where it is not told. */
  readonly nodeCpuS: number | null;
  /** Versions that run there; left out where they are not told. */
  readonly build?: ServerBuild;
  /** The nodes of a cluster, with the listeners of each. */
  readonly nodes?: readonly NodeLoad[];
}

export interface NodeLoad {
  readonly id: string;
  readonly listeners: number;
}

export interface ServerBuild {
  readonly version: string;
  readonly mediasoup: string;
}

const clusterView = z.object({
  nodes: z.array(z.object({ id: z.string(), url: z.string().nullable(), listeners: z.number() })),
});

/** Reads the metrics of all nodes, where there are several; null when one cannot be read. */
export async function readSfuMetrics(origin: string): Promise<SfuSample | null> {
  const nodes = await readNodes(origin);
  if (nodes.length < 2) return readNode(origin);
  const samples = await Promise.all(nodes.map(async ({ url }) => readNode(url ?? origin)));
  const known = samples.filter((sample) => sample !== null);
  if (known.length < nodes.length) return null;
  const merge = (mapOf: (sample: SfuSample) => ReadonlyMap<string, number>) =>
    new Map(
      known.flatMap((sample, index) =>
        [...mapOf(sample)].map(([worker, value]) => [`${nodes[index]!.id}/${worker}`, value] as const),
      ),
    );
  return {
    ...known[0]!,
    workerCpuS: merge(({ workerCpuS }) => workerCpuS),
    workerRssBytes: merge(({ workerRssBytes }) => workerRssBytes),
    nodeCpuS: known.reduce((sum, { nodeCpuS }) => sum + (nodeCpuS ?? Number.NaN), 0),
    nodes: nodes.map(({ id, listeners }) => ({ id, listeners })),
  };
}

/** None where a server tells nothing of others. */
async function readNodes(origin: string): Promise<z.output<typeof clusterView>['nodes']> {
  try {
    const response = await fetch(new URL('/cluster', origin), { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return clusterView.parse(await response.json()).nodes.toSorted((a, b) => a.id.localeCompare(b.id));
  } catch {
    return [];
  }
}

/** Reads `GET /metrics`; null when it cannot be read, or has nothing about media workers. */
async function readNode(origin: string): Promise<SfuSample | null> {
  try {
    const response = await fetch(new URL('/metrics', origin), { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return response.ok ? parseSfuMetrics(await response.text()) : null;
  } catch {
    return null;
  }
}

/** @param text in the Prometheus text exposition format, version 0.0.4 */
export function parseSfuMetrics(text: string): SfuSample | null {
  const workerCpuS = new Map<string, number>();
  const workerRssBytes = new Map<string, number>();
  let nodeCpuS: number | null = null;
  for (const [, name, labels, value] of text.matchAll(/^(\w+)(?:\{([^}]*)\})? (\S+)/gm)) {
    const worker = /worker="([^"]*)"/.exec(labels ?? '')?.[1];
    if (name === 'tribune_worker_cpu_seconds_total' && worker !== undefined) workerCpuS.set(worker, Number(value));
    if (name === 'tribune_worker_resident_memory_bytes' && worker !== undefined)
      workerRssBytes.set(worker, Number(value));
    if (name === 'process_cpu_seconds_total') nodeCpuS = Number(value);
  }
  const [, version, mediasoup] = /^tribune_build_info\{version="([^"]*)",mediasoup="([^"]*)"\}/m.exec(text) ?? [];
  const build = version === undefined || mediasoup === undefined ? {} : { build: { version, mediasoup } };
  return workerCpuS.size > 0 ? { workerCpuS, workerRssBytes, nodeCpuS, ...build } : null;
}

/** CPU by worker between two samples, in percent of one core; a worker that was replaced meanwhile is left out. */
export function workerCpuPct(from: SfuSample, to: SfuSample, seconds: number): Map<string, number> {
  const spent = [...to.workerCpuS].map(
    ([worker, cpuS]) => [worker, (100 * (cpuS - (from.workerCpuS.get(worker) ?? Number.NaN))) / seconds] as const,
  );
  return new Map(spent.filter(([, cpuPct]) => cpuPct >= 0));
}

/** CPU of the server's Node process in percent of one core; null where it is not told. */
export function nodeCpuPct(from: SfuSample, to: SfuSample, seconds: number): number | null {
  const cpuPct = (100 * ((to.nodeCpuS ?? Number.NaN) - (from.nodeCpuS ?? Number.NaN))) / seconds;
  return cpuPct >= 0 ? cpuPct : null;
}

/** CPU seconds of all workers between two samples; null when a worker was replaced meanwhile and its count began anew. */
export function workerCpuBetween(from: SfuSample, to: SfuSample): number | null {
  let sum = 0;
  for (const [worker, seconds] of to.workerCpuS) {
    const spent = seconds - (from.workerCpuS.get(worker) ?? Number.NaN);
    if (!(spent >= 0)) return null;
    sum += spent;
  }
  return sum;
}
