import { describe, expect, it } from 'vitest';
import { planArrivals, type ArrivalPlan } from '@tribune/loadtest/people/arrivals.ts';
import { percentile } from '@tribune/loadtest/hearing/stats.ts';
import { CLUSTER, COSTS } from '../test/example.ts';
import type { Cluster } from './model.ts';
import { findNodesNeeded } from './nodesNeeded.ts';
import type { Counts } from './People.ts';
import { Simulation, type SimulationHooks } from './Simulation.ts';

const LAUNCH: ArrivalPlan = { kind: 'launch', spanS: 60 };

async function simulate(change: Partial<Cluster>, people: number, plan = LAUNCH, hooks: SimulationHooks = {}) {
  const schedule = planArrivals(plan, people, 1);
  return new Simulation({ ...CLUSTER, ...change }, COSTS, schedule, 1, hooks).run();
}

function p95({ ttfaMs }: { ttfaMs: readonly number[] }): number {
  return percentile(
    ttfaMs.toSorted((a, b) => a - b),
    0.95,
  )!;
}

describe('a simulated audience', () => {
  it('loses nobody: who arrived is in, waiting or failed at every second', async () => {
    const seen: Counts[] = [];
    const failures = [{ node: 1, atS: 40 }];
    const { counts } = await simulate({ failures }, 5000, LAUNCH, { onSecond: (now) => seen.push(now) });
    expect(seen.length).toBeGreaterThan(40);
    for (const now of seen) {
      expect(now.waiting).toBeGreaterThanOrEqual(0);
      expect(now.listening + now.waiting + now.failed + now.left).toBe(now.arrived);
    }
    expect(counts).toEqual({ arrived: 5000, waiting: 0, listening: 5000, left: 0, failed: 0 });
  });

  it('is the same for the same seed', async () => {
    const [first, second] = [await simulate({}, 3000), await simulate({}, 3000)];
    expect(second.ttfaMs).toEqual(first.ttfaMs);
    expect(second.seconds).toEqual(first.seconds);
  });

  it('gets in no later with more nodes', async () => {
    const times: number[] = [];
    for (const nodes of [1, 2, 4, 8]) times.push(p95(await simulate({ nodes }, 20_000)));
    for (const [index, ms] of times.slice(1).entries()) expect(ms).toBeLessThanOrEqual(times[index]! * 1.02);
  });

  it('enters no faster than admission allows', async () => {
    const outcome = await simulate({ nodes: 1, joinsPerS: 100 }, 1000, {
      kind: 'flash',
      count: 1000,
      perSecond: 1,
      spacing: 'even',
    });
    // 100 in the first second, and so on.
    expect(outcome.everyoneInMs).toBeGreaterThan(9000);
    expect(outcome.refusals).toBeGreaterThan(0);
  });

  it('waits in a queue when every node is full, for as long as nobody leaves', async () => {
    const { counts, queue, everyoneInMs, peakPerNode } = await simulate({ nodes: 2, capacity: 100 }, 1000);
    expect(counts).toMatchObject({ arrived: 1000, listening: 200, waiting: 800 });
    expect(queue).toMatchObject({ longest: 800, waitsMs: [], left: 800 });
    expect(everyoneInMs).toBeNull();
    expect(peakPerNode).toBe(100);
  });

  it('comes in from the queue when others leave', async () => {
    const { counts, queue, everyoneInMs } = await simulate({ nodes: 2, capacity: 300, leavePct: 50 }, 1000);
    expect(counts.listening + counts.left).toBe(1000);
    expect(everyoneInMs).not.toBeNull();
    expect(queue.longest).toBeGreaterThan(100);
    expect(queue.waitsMs.length).toBeGreaterThanOrEqual(queue.longest);
    expect(queue.left).toBe(0);
  });

  it('hears nothing before the start, and counts from there', async () => {
    const { everyoneInMs, ttfaMs, seconds } = await simulate({}, 1000);
    expect(seconds.filter(({ s }) => s <= 30).every(({ listening }) => listening === 0)).toBe(true);
    expect(everyoneInMs).toBeGreaterThan(30_000);
    expect(Math.min(...ttfaMs)).toBeGreaterThan(0);
  });

  it('comes back when its node fails, all of it', async () => {
    const failures = [{ node: 2, atS: 90 }];
    const { recoveryMs, nodes, counts } = await simulate({ nodes: 3, failures }, 3000);
    // A third of them, as well as two nodes drawn at random spread them.
    expect(Math.abs(recoveryMs.length - 1000)).toBeLessThan(50);
    expect(nodes[1]!.listening).toBe(0);
    expect(Math.abs(nodes[0]!.listening - nodes[2]!.listening)).toBeLessThan(50);
    expect(counts.listening).toBe(3000);
  });

  it('is counted as failed when no node is left', async () => {
    const { counts, everyoneInMs } = await simulate({ nodes: 1, failures: [{ node: 1, atS: 90 }] }, 500);
    expect(counts).toEqual({ arrived: 500, waiting: 0, listening: 0, left: 0, failed: 500 });
    expect(everyoneInMs).toBeNull();
  });

  it('loses packets where one worker has more media than it can send', async () => {
    const steady: ArrivalPlan = { kind: 'rate', points: [{ atS: 0, perSecond: 150 }], spacing: 'even' };
    const direct = await simulate({ nodes: 1, delivery: 'direct' }, 3000, steady);
    const mix = await simulate({ nodes: 1, delivery: 'mix' }, 3000, steady);
    // 3,000 at half a millisecond each are one and a half cores: a third is lost.
    expect(direct.seconds.at(-1)!.lossPct).toBeCloseTo(33.3, 0);
    expect(mix.seconds.at(-1)!.lossPct).toBe(0);
  });

  it('needs as many nodes as are found: with one less it is too slow', async () => {
    const schedule = planArrivals(LAUNCH, 20_000, 1);
    const needed = (await findNodesNeeded(CLUSTER, COSTS, schedule, 1))!;
    expect(p95(await simulate({ nodes: needed }, 20_000))).toBeLessThanOrEqual(3000);
    expect(p95(await simulate({ nodes: needed - 1 }, 20_000))).toBeGreaterThan(3000);
  });

  it('hears as late as a lone listener does where nobody is in the way', async () => {
    const steady: ArrivalPlan = { kind: 'rate', points: [{ atS: 0, perSecond: 2 }], spacing: 'even' };
    const { ttfaMs } = await simulate({ nodes: 1, rttMs: 0 }, 200, steady);
    const mean = ttfaMs.reduce((sum, ms) => sum + ms, 0) / ttfaMs.length;
    expect(mean / COSTS.aloneMs!).toBeCloseTo(1, 1);
  });

  it('shares the cores with its clients on one machine: fewer cores make it later, and cost the server the same', async () => {
    const flash: ArrivalPlan = { kind: 'flash', count: 300, perSecond: 1, spacing: 'even' };
    const here = { nodes: 1, workers: 1, rttMs: 0, joinsPerS: Infinity };
    const [two, four] = [
      await simulate({ ...here, sharedCores: 2 }, 300, flash),
      await simulate({ ...here, sharedCores: 4 }, 300, flash),
    ];
    expect(p95(two)).toBeGreaterThan(p95(four));
    // 300 joins of 2 ms, and a little that goes on meanwhile.
    for (const { usedMs } of [two, four]) expect(usedMs!.node / 600).toBeCloseTo(1, 0);
  });
});
