import { setImmediate } from 'node:timers/promises';
import { planArrivals } from '@tribune/loadtest/people/arrivals.ts';
import { readLastCheck } from './check.ts';
import type { Costs } from './costs.ts';
import { findNodesNeeded } from './nodesNeeded.ts';
import type { SimulateOptions } from './options.ts';
import { buildReport, type SimulationReport } from './report.ts';
import type { Counts } from './People.ts';
import { Simulation } from './Simulation.ts';

export type Progress = (phase: 'simulating' | 'counting nodes', second: number, counts: Counts) => void;

/** Simulates, and searches for the number of nodes. @throws the reason of the signal when that is aborted. */
export async function runSimulation(
  options: SimulateOptions,
  costs: Costs,
  signal: AbortSignal,
  onProgress?: Progress,
): Promise<SimulationReport> {
  const { cluster, arrivals, listeners, seed } = options;
  const schedule = planArrivals(arrivals, listeners, seed);
  const hook = (phase: Parameters<Progress>[0]) => async (second: number, counts: Counts) => {
    onProgress?.(phase, second, counts);
    // A Ctrl-C is heard only between two turns of the event loop.
    await setImmediate();
    signal.throwIfAborted();
  };
  const hooks = { onProgress: hook('simulating') };
  const outcome = await new Simulation(cluster, costs, schedule, seed, hooks).run();
  const needed = await findNodesNeeded(cluster, costs, schedule, seed, hook('counting nodes'));
  return buildReport(options, costs, outcome, needed, await readLastCheck());
}
