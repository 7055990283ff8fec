import { encodeSpeeches } from './ChaosRoom.ts';
import type { Fault } from './Fault.ts';
import { runFault, type FaultOptions, type FaultRun, type RunResult } from './runFault.ts';

/** What all runs of a fault showed of one promise: the worst of them. */
export interface ChaosResult extends RunResult {
  readonly runs: number;
  /** Runs in which the promise was not kept: it is broken when there is one. */
  readonly broken: number;
}

export interface ChaosOptions extends Omit<FaultOptions, 'speeches'> {
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
    // It takes a second in which this process does nothing else: not beside a cluster.
    const speeches = await encodeSpeeches();
    for (const fault of faults)
      for (let number = 1; number <= repeat; number++) {
        signal.throwIfAborted();
        const run = await runFault(fault, { ...options, speeches }, signal);
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
  const runs = results.map((result) => ({ ...result, runs: 1, broken: result.kept ? 0 : 1 }));
  return [...Map.groupBy(runs, ({ fault }) => fault).values()].map(combine);
}

/** The worst of several results, under the name of the first. */
export function combine(results: readonly ChaosResult[]): ChaosResult {
  const broken = results.reduce((sum, result) => sum + result.broken, 0);
  return {
    ...results[0]!,
    promiseMs: results.find(({ promiseMs }) => promiseMs !== null)?.promiseMs ?? null,
    gapP95Ms: greatest(results.map(({ gapP95Ms }) => gapP95Ms)),
    gapMaxMs: greatest(results.map(({ gapMaxMs }) => gapMaxMs)),
    kept: broken === 0,
    error: results.find(({ kept, error }) => !kept && error !== null)?.error ?? null,
    runs: results.reduce((sum, result) => sum + result.runs, 0),
    broken,
  };
}

function greatest(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}
