import type { Fault } from './Fault.ts';
import { runFault, type FaultOptions, type FaultRun, type RunResult } from './runFault.ts';

/** What all runs of a fault showed of one promise: the worst of them. */
export interface ChaosResult extends RunResult {
  readonly runs: number;
  /** Runs in which the promise was not kept: it is broken when there is one. */
  readonly broken: number;
}

export interface ChaosOptions extends FaultOptions {
  readonly faults: readonly Fault[];
  readonly repeat: number;
}

/**
 * Brings each fault about as often as asked.
 * @param onRun with the results of each run
 * @returns the worst of all runs; of those that were complete when `signal` was aborted
 */
export async function runChaos(
  { faults, repeat, ...options }: ChaosOptions,
  onRun: (fault: Fault, number: number, run: FaultRun) => void,
  signal: AbortSignal,
): Promise<ChaosResult[]> {
  const results: RunResult[] = [];
  try {
    for (const fault of faults)
      for (let number = 1; number <= repeat; number++) {
        signal.throwIfAborted();
        const run = await runFault(fault, options, signal);
        results.push(...run.results);
        onRun(fault, number, run);
      }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return worstOf(results);
}

/** One result for each promise, in the order of their first runs. */
export function worstOf(results: readonly RunResult[]): ChaosResult[] {
  return [...Map.groupBy(results, ({ fault }) => fault).values()].map((runs) => {
    const broken = runs.filter(({ kept }) => !kept);
    return {
      ...runs[0]!,
      promiseMs: runs.find(({ promiseMs }) => promiseMs !== null)?.promiseMs ?? null,
      gapP95Ms: greatest(runs.map(({ gapP95Ms }) => gapP95Ms)),
      gapMaxMs: greatest(runs.map(({ gapMaxMs }) => gapMaxMs)),
      kept: broken.length === 0,
      error: broken.find(({ error }) => error !== null)?.error ?? null,
      runs: runs.length,
      broken: broken.length,
    };
  });
}

function greatest(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}
