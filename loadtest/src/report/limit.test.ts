import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import { judge, type Evidence } from './limit.ts';

const usage = (cpuPct: number, lateMs = 1, udpDropped = 0) => ({
  machine: '',
  cpuPct,
  eventLoopDelayMs: { p50: 0, p99: lateMs, max: lateMs },
  rssMb: 100,
  udpDropped,
});

const sample = (cpuS: number, nodeCpuS = 0) => ({
  workerCpuS: new Map([['0', cpuS]]),
  workerRssBytes: new Map<string, number>(),
  nodeCpuS,
});

function evidence(own: ReturnType<typeof usage>, workerCpuS: number, changed: Partial<Evidence> = {}): Evidence {
  const phase = {
    name: 'measuring' as const,
    seconds: 10,
    browserCpuPct: null,
    from: sample(0),
    to: sample(workerCpuS),
  };
  return { phases: [{ ...phase, processes: [usage(1), own] }], skipped: 0, failures: [], ...changed };
}

describe('the limit of a run', () => {
  it('is none where nobody was near one', () => {
    expect(judge(evidence(usage(60), 5))).toEqual({ limit: 'none', limitReasons: [] });
  });

  it.each([
    ['its CPU', evidence(usage(97), 5), 'a process of the load test took 97 % of a core while measuring'],
    ['its lateness', evidence(usage(60, 80), 5), "the load test's event loop was 80 ms late (p99) while measuring"],
    ['the kernel', evidence(usage(60, 1, 12), 5), 'the kernel dropped 12 datagrams'],
    ['its speakers', evidence(usage(60), 5, { skipped: 3 }), '3 frames of speech were not sent in time'],
    ['its sockets', evidence(usage(60), 5, { failures: ['socket:EMFILE'] }), '1 listeners found no socket left'],
  ])('is the load test, told by %s', (_sign, given, reason) => {
    const { limit, limitReasons } = judge(given);
    expect(limit).toBe('generator');
    expect(limitReasons).toEqual([expect.stringContaining(reason)]);
  });

  it('is the load test, where its browsers took what the others needed', () => {
    const [phase] = evidence(usage(60), 5).phases;
    const judged = (browserCpuPct: number) => judge(evidence(usage(60), 5, { phases: [{ ...phase!, browserCpuPct }] }));
    const [some, all] = [10, 100].map((pct) => pct * availableParallelism());
    expect(judged(some!).limit).toBe('none');
    expect(judged(all!).limit).toBe('generator');
    expect(judged(all!).limitReasons).toEqual([expect.stringContaining('the browsers took')]);
  });

  it('is the server, or both', () => {
    expect(judge(evidence(usage(60), 9.9))).toEqual({
      limit: 'server',
      limitReasons: ['media worker 0 took 99 % of a core while measuring'],
    });
    expect(judge(evidence(usage(95), 9.9)).limit).toBe('both');
  });

  it('is unknown where nothing was measured', () => {
    expect(judge({ phases: [], skipped: 0, failures: [] }).limit).toBe('unknown');
  });
});
