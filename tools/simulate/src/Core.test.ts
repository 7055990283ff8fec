import { describe, expect, it } from 'vitest';
import { createRandom } from '@tribune/loadtest/random.ts';
import { Core } from './Core.ts';

const WORK_MS = 2;
const JOBS = 200_000;

/** Poisson arrivals with one length of work. */
function run(load: number) {
  const random = createRandom(7);
  const core = new Core();
  let [nowMs, waitedMs, areaMs] = [0, 0, 0];
  for (let job = 0; job < JOBS; job++) {
    nowMs += (-Math.log(1 - random()) * WORK_MS) / load;
    waitedMs += core.backlogMs(nowMs);
    areaMs += core.serve(nowMs, WORK_MS) - nowMs;
  }
  const seconds = Math.floor(nowMs / 1000);
  const busy = Array.from({ length: seconds }, (_, second) => core.utilisation(second));
  return { nowMs, meanWaitMs: waitedMs / JOBS, areaMs, used: busy.reduce((sum, share) => sum + share, 0) / seconds };
}

describe('a core', () => {
  it.each([0.3, 0.6, 0.8])('makes jobs wait as Pollaczek and Khinchine have it for M/D/1, at a load of %f', (load) => {
    const expectedMs = (load * WORK_MS) / (2 * (1 - load));
    expect(run(load).meanWaitMs / expectedMs).toBeCloseTo(1, 1);
  });

  it('is used as much as it is offered', () => {
    expect(run(0.6).used).toBeCloseTo(0.6, 2);
  });

  it("obeys Little's law: those inside are the rate times the time inside", () => {
    const load = 0.6;
    const { nowMs, areaMs, meanWaitMs } = run(load);
    const inside = areaMs / nowMs;
    expect(inside / ((load / WORK_MS) * (meanWaitMs + WORK_MS))).toBeCloseTo(1, 1);
  });

  it('takes longer where less of it is left, and does no more work for it', () => {
    const core = new Core();
    expect(core.serve(0, 100, 0.5)).toBe(200);
    expect(core.utilisation(0)).toBeCloseTo(0.1);
  });
});
