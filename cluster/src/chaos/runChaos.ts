import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster } from '../Cluster.ts';
import { FAULTS, type Fault } from './faults.ts';
import { Scene } from './Scene.ts';

/** Before a fault, for everyone to be where they belong. */
const SETTLE_MS = 4000;

export interface ChaosResult {
  readonly fault: string;
  readonly promiseMs: number;
  /** Longest time without a packet, over those whom the promise is for; null where it could not be measured. */
  readonly gapP95Ms: number | null;
  readonly gapMaxMs: number | null;
  readonly kept: boolean;
  /** Why it was not. */
  readonly error: string | null;
}

export interface ChaosOptions {
  readonly faults: readonly string[];
  readonly nodes: number;
  readonly listeners: number;
  readonly port: number;
}

/** Each fault in a cluster of its own, so that none pays for the one before. Everything has ended when it returns. */
export async function runChaos(
  { faults, nodes, listeners, port }: ChaosOptions,
  onResult: (result: ChaosResult) => void,
  signal: AbortSignal,
): Promise<ChaosResult[]> {
  const results: ChaosResult[] = [];
  for (const fault of FAULTS.filter(({ name }) => faults.includes(name))) {
    if (signal.aborted) break;
    // Room for everyone who listens, and half as many again: what a node that is lost had has to fit on the others.
    const capacity = Math.ceil((listeners * 2) / nodes);
    const cluster = await Cluster.create({
      nodes,
      port,
      env: { NODE_CAPACITY: String(capacity), DRAIN_S: '10', ROOMS_PER_ADDRESS_PER_HOUR: '1000' },
    });
    const onAbort = () => void cluster.close();
    signal.addEventListener('abort', onAbort);
    try {
      const result = await measure(fault, cluster, { listeners, capacity: capacity * nodes });
      results.push(result);
      onResult(result);
    } finally {
      signal.removeEventListener('abort', onAbort);
      await cluster.close();
    }
  }
  return results;
}

async function measure(
  fault: Fault,
  cluster: Cluster,
  { listeners, capacity }: { readonly listeners: number; readonly capacity: number },
): Promise<ChaosResult> {
  const { name, promiseMs } = fault;
  const failed = (error: unknown): ChaosResult => ({
    ...{ fault: name, promiseMs, gapP95Ms: null, gapMaxMs: null, kept: false },
    error: error instanceof Error ? error.message : String(error),
  });
  let scene: Scene | null = null;
  try {
    scene = await Scene.create(cluster.origin, listeners, capacity);
    await sleep(SETTLE_MS);
    for (const witness of scene.witnesses) witness.begin();
    const concerned = await fault.run(cluster, scene);
    const gaps = concerned.map(({ gapMs }) => Math.round(gapMs)).toSorted((a, b) => a - b);
    if (gaps.length === 0) throw new Error('Nobody was there whom it concerns');
    const gapP95Ms = gaps[Math.ceil(gaps.length * 0.95) - 1]!;
    const error = scene.faults[0] ?? null;
    return { fault: name, promiseMs, gapP95Ms, gapMaxMs: gaps.at(-1)!, kept: gapP95Ms <= promiseMs && !error, error };
  } catch (error) {
    return failed(error);
  } finally {
    await scene?.close();
  }
}
