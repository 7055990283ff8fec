import type { Schedule } from '@tribune/loadtest/people/arrivals.ts';
import type { Costs } from './costs.ts';
import type { Cluster } from './model.ts';
import { Simulation, type SimulationHooks } from './Simulation.ts';

const TARGET_P95_MS = 3000;
const LATE_SHARE = 0.05;
export const MAX_NODES = 2000;

/**
 * The fewest nodes of which none is full and with which 95 % hear something within 3 s: more nodes never make it slower, so
 * the number is halved in on, with the same seed each time. Failures are left out.
 * @returns null when `MAX_NODES` are not enough
 */
export async function findNodesNeeded(
  cluster: Cluster,
  costs: Costs,
  schedule: Schedule,
  seed: number,
  onProgress?: SimulationHooks['onProgress'],
): Promise<number | null> {
  const giveUp = { ms: TARGET_P95_MS, people: schedule.atMs.length * LATE_SHARE };
  const isEnough = async (nodes: number) => {
    const hooks = { giveUp, ...(onProgress ? { onProgress } : {}) };
    const outcome = await new Simulation({ ...cluster, nodes, failures: [] }, costs, schedule, seed, hooks).run();
    await onProgress?.(0, outcome.counts);
    if (outcome.isCutShort || outcome.everyoneInMs === null) return false;
    const { memoryGb, nicGbit } = cluster;
    const memoryFits = (outcome.peakPerNode * costs.kbPerListener) / 1e6 <= memoryGb;
    return memoryFits && outcome.seconds.every(({ lossPct, gbitMax }) => lossPct === 0 && gbitMax <= nicGbit);
  };
  let enough = 1;
  while (!(await isEnough(enough))) {
    if (enough === MAX_NODES) return null;
    enough = Math.min(MAX_NODES, enough * 2);
  }
  let tooFew = Math.floor(enough / 2);
  while (enough - tooFew > 1) {
    const middle = Math.floor((tooFew + enough) / 2);
    if (await isEnough(middle)) enough = middle;
    else tooFew = middle;
  }
  return enough;
}
