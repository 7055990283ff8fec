import { describe, expect, it } from 'vitest';
import { parseSfuMetrics, workerCpuBetween } from './sfuMetrics.ts';

const text = `# HELP process_cpu_seconds_total Total user and system CPU time spent in seconds.
# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total 1.5
# TYPE tribune_worker_cpu_seconds_total counter
tribune_worker_cpu_seconds_total{worker="0"} 2.25
tribune_worker_cpu_seconds_total{worker="1"} 1e-2
# TYPE tribune_worker_resident_memory_bytes gauge
tribune_worker_resident_memory_bytes{worker="0"} 20000000
`;

const sample = (cpu: Record<string, number>) => ({
  workerCpuS: new Map(Object.entries(cpu)),
  workerRssBytes: new Map<string, number>(),
  nodeCpuS: null,
});

describe('parseSfuMetrics', () => {
  it('finds what each worker consumed', () => {
    expect(parseSfuMetrics(text)).toEqual({
      workerCpuS: new Map([
        ['0', 2.25],
        ['1', 0.01],
      ]),
      workerRssBytes: new Map([['0', 20_000_000]]),
      nodeCpuS: 1.5,
    });
  });

  it('is null where a server says nothing of media workers', () => {
    expect(parseSfuMetrics('process_cpu_seconds_total 1\n')).toBeNull();
    expect(parseSfuMetrics('')).toBeNull();
  });
});

describe('workerCpuBetween', () => {
  it('adds up what every worker spent', () => {
    expect(workerCpuBetween(sample({ 0: 1, 1: 2 }), sample({ 0: 1.5, 1: 4 }))).toBeCloseTo(2.5);
  });

  it('is null when a worker was replaced', () => {
    expect(workerCpuBetween(sample({ 0: 3 }), sample({ 0: 1 }))).toBeNull();
    expect(workerCpuBetween(sample({ 0: 3 }), sample({ 1: 1 }))).toBeNull();
  });
});
