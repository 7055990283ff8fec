import { describe, expect, it } from 'vitest';
import { formatWorst, toMarkdown } from './report.ts';
import { worstOf } from './runChaos.ts';
import type { RunResult } from './runFault.ts';

function runOf(gapMaxMs: number, changes: Partial<RunResult> = {}): RunResult {
  return {
    fault: 'home-killed',
    title: 'the home is killed',
    promiseMs: 200,
    holdsFor: 'all',
    gapP95Ms: gapMaxMs - 10,
    gapMaxMs,
    kept: gapMaxMs <= 200,
    error: null,
    ...changes,
  };
}

describe('the report of several runs', () => {
  it('has the worst of all runs, and a promise that one of them broke is broken', () => {
    const runs = [100, 300, 120].map((gapMs) => runOf(gapMs));
    expect(worstOf(runs)).toEqual([{ ...runOf(300), gapP95Ms: 290, kept: false, runs: 3, broken: 1 }]);
  });

  it('has the promise of a fault that could not be brought about in one of the runs', () => {
    const failed = runOf(0, { promiseMs: null, gapP95Ms: null, gapMaxMs: null, kept: false, error: 'no home' });
    expect(worstOf([failed, runOf(100)])).toMatchObject([
      { promiseMs: 200, gapMaxMs: 100, kept: false, error: 'no home', runs: 2, broken: 1 },
    ]);
  });

  it('says how many runs broke a promise, and why', () => {
    const [result] = worstOf([runOf(100), runOf(100, { kept: false, error: 'two homes' })]);
    expect(formatWorst(result!)).toMatch(/^BROKEN +home-killed .* broken 1 of 2\n +two homes$/);
  });

  it('is a table for the documentation, in which the requests during all faults have one row', () => {
    const requests = ['home-killed', 'redis-down'].map((fault, index) =>
      runOf(60 + index, { fault: `${fault}, requests meanwhile`, kept: index === 0 }),
    );
    expect(toMarkdown(worstOf([runOf(100), runOf(120), ...requests]))).toBe(
      [
        '| fault | promised | worst p95 | worst | kept |',
        '| --- | --- | --- | --- | --- |',
        '| the home is killed | 200 ms, all | 110 ms | 120 ms | 2 of 2 |',
        '| requests during all of these | 200 ms, all | 51 ms | 61 ms | **1 of 2** |',
        '',
      ].join('\n'),
    );
  });
});
