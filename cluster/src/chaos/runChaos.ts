import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster } from '../Cluster.ts';
import { FAULTS, type Fault, type Outcome } from './faults.ts';
import { Scene } from './Scene.ts';

/** Before a fault, for everyone to be where they belong. */
const SETTLE_MS = 4000;

export interface ChaosResult {
  readonly fault: string;
  /** Null where the fault could not be brought about. */
  readonly promiseMs: number | null;
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
    // What a node that is lost had has to fit on the others.
    const capacity = Math.ceil((listeners * 2) / nodes);
    const cluster = await Cluster.create(
      {
        nodes,
        port,
        env: { NODE_CAPACITY: String(capacity), DRAIN_S: '10', ROOMS_PER_ADDRESS_PER_HOUR: '1000', ...fault.env },
      },
      signal,
    );
    const onAbort = () => void cluster.close();
    signal.addEventListener('abort', onAbort);
    try {
      for (const result of await measure(fault, cluster, { listeners, capacity: capacity * nodes })) {
        if (signal.aborted) break;
        results.push(result);
        onResult(result);
      }
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
): Promise<ChaosResult[]> {
  let scene: Scene | null = null;
  try {
    scene = await Scene.create(cluster.origin, listeners, capacity);
    await sleep(SETTLE_MS);
    await scene.settle(cluster);
    for (const witness of scene.witnesses) witness.begin();
    const outcomes = await fault.run(cluster, scene);
    const problem = await scene.settle(cluster).then(
      () => null,
      (error: Error) => error.message,
    );
    const error = scene.faults[0] ?? problem;
    return outcomes.map((outcome) => toResult(outcome, error));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return [{ fault: fault.name, promiseMs: null, gapP95Ms: null, gapMaxMs: null, kept: false, error: message }];
  } finally {
    await scene?.close();
  }
}

function toResult({ name, promiseMs, holdsFor, concerned }: Outcome, error: string | null): ChaosResult {
  const gaps = concerned.map(({ gapMs }) => Math.round(gapMs)).toSorted((a, b) => a - b);
  const gapP95Ms = gaps[Math.ceil(gaps.length * 0.95) - 1] ?? null;
  const gapMaxMs = gaps.at(-1) ?? null;
  const gapMs = holdsFor === 'all' ? gapMaxMs : gapP95Ms;
  const kept = gapMs !== null && gapMs <= promiseMs && !error;
  return { fault: name, promiseMs, gapP95Ms, gapMaxMs, kept, error: gapP95Ms === null ? 'It concerned nobody' : error };
}
