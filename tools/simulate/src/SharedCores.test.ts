import { describe, expect, it } from 'vitest';
import { SharedCores } from './SharedCores.ts';

type Name = 'a' | 'b' | 'c';

function run(cores: number, jobs: readonly (readonly [atMs: number, process: Name, workMs: number])[]) {
  const shared = new SharedCores<Name>(cores);
  const doneMs: number[] = [];
  for (const [index, [atMs, process, workMs]] of jobs.entries())
    shared.add(atMs, process, workMs, (at) => (doneMs[index] = Math.round(at * 1e6) / 1e6));
  shared.advance(1000);
  return { shared, doneMs };
}

describe('processes on shared cores', () => {
  it('have a core each where there are enough', () => {
    expect(
      run(2, [
        [0, 'a', 10],
        [0, 'b', 20],
      ]).doneMs,
    ).toEqual([10, 20]);
  });

  it('are slowed alike where more of them have work than there are cores', () => {
    const jobs = [
      [0, 'a', 10],
      [0, 'b', 10],
      [0, 'c', 20],
    ] as const;
    // At two thirds until a and b are done, then at full speed.
    expect(run(2, jobs).doneMs).toEqual([15, 15, 25]);
  });

  it('do one job after the other, however many cores are free', () => {
    expect(
      run(4, [
        [0, 'a', 10],
        [5, 'a', 10],
      ]).doneMs,
    ).toEqual([10, 20]);
  });

  it('take as much CPU as their jobs are long', () => {
    const { shared } = run(1, [
      [0, 'a', 10],
      [3, 'b', 30],
      [100, 'a', 5],
    ]);
    expect(shared.usedMs('a')).toBeCloseTo(15);
    expect(shared.usedMs('b')).toBeCloseTo(30);
  });

  it('begin at once with what is asked for at the end of a job', () => {
    const shared = new SharedCores<Name>(1);
    let doneMs = 0;
    shared.add(0, 'a', 10, (atMs) => shared.add(atMs, 'b', 5, (at) => (doneMs = at)));
    shared.advance(20);
    expect(doneMs).toBeCloseTo(15);
  });
});
