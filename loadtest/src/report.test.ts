import { describe, expect, it } from 'vitest';
import { parseCommandLine } from './options.ts';
import { buildReport, isSuccess, type Measurements, type SteadyMeasurement } from './report.ts';
import { NO_COUNTS } from './stats.ts';
import { formatProgress, formatTable } from './table.ts';

const options = parseCommandLine(['--listeners', '3'])!.options;

function sfu(cpuS: number, nodeCpuS: number) {
  return { workerCpuS: new Map([['0', cpuS]]), workerRssBytes: new Map([['0', 30e6]]), nodeCpuS };
}

const steady: SteadyMeasurement = {
  window: {
    seconds: 10,
    listeners: 2,
    counts: { ...NO_COUNTS, received: 999, expected: 1000 },
    lost: 1,
    jitterMs: [1, 2],
    restarted: 0,
  },
  sent: 500,
  generator: { cpuPct: 12.345, eventLoopDelayMs: { p50: 0.11, p99: 1, max: 2 }, rssMb: 150, udpDropped: 0 },
  sfuBefore: sfu(1, 5),
  sfuAfter: sfu(1.00999, 5.5),
};

const measured: Measurements = {
  startedAt: new Date(0),
  options,
  interrupted: null,
  listeners: [
    { state: { kind: 'listening' }, joinMs: 10, ttfaMs: 20 },
    { state: { kind: 'listening' }, joinMs: 30, ttfaMs: 40 },
    { state: { kind: 'failed', reason: 'no-audio' }, joinMs: 50, ttfaMs: null },
  ],
  rampMs: 500,
  skipped: 0,
  steady,
  phases: [],
  browsers: null,
  series: [],
};

describe('buildReport', () => {
  it('derives every figure from what was measured', () => {
    expect(buildReport(measured)).toMatchObject({
      listeners: { asked: 3, joined: 2, failed: [{ reason: 'no-audio', count: 1 }] },
      joinMs: { p50: 30, p95: 50, p99: 50 },
      ttfaMs: { p50: 20, p95: 40, p99: 40 },
      lossPct: 0.1,
      packetsPerListenerPerSecond: 49.95,
      joinsPerSecond: 4,
      sfu: { cpuUsPerPacket: 10, cpuMsPerListenerSecond: 0.4995, rssMb: 30, nodeCpuPct: 5 },
    });
  });

  it('says null where the server told nothing', () => {
    const { sfu: figures } = buildReport({ ...measured, steady: { ...steady, sfuAfter: null } });
    expect(figures).toEqual({ cpuUsPerPacket: null, cpuMsPerListenerSecond: null, rssMb: null, nodeCpuPct: null });
  });

  it('does not take the count of a replaced worker for its own', () => {
    const window = { ...steady.window, restarted: 2 };
    expect(buildReport({ ...measured, steady: { ...steady, window } }).sfu.cpuUsPerPacket).toBeNull();
  });

  it('says null for everything that an early end left unmeasured', () => {
    const report = buildReport({ ...measured, interrupted: 'interrupted', listeners: [], rampMs: null, steady: null });
    expect(report).toMatchObject({
      lossPct: null,
      packetsPerListenerPerSecond: null,
      joinsPerSecond: null,
      joinMs: { p50: null, p95: null, p99: null },
      window: null,
      generator: null,
    });
    expect(formatTable(report)).toContain('not measured');
  });

  it('keeps nothing that JSON cannot say', () => {
    const report = buildReport({ ...measured, steady: { ...steady, window: { ...steady.window, listeners: 0 } } });
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });
});

describe('isSuccess', () => {
  it('wants everyone to have joined, to the end', () => {
    const report = buildReport(measured);
    expect(isSuccess(report)).toBe(false);
    const all = { ...report, listeners: { asked: 3, joined: 3, failed: [] } };
    expect(isSuccess(all)).toBe(true);
    expect(isSuccess({ ...all, interrupted: 'interrupted' })).toBe(false);
  });
});

describe('what people read', () => {
  it('is a table with the figures that matter', () => {
    const table = formatTable(buildReport(measured));
    expect(table).toMatch(/listeners +2 of 3 joined/);
    expect(table).toMatch(/failed +1 × no-audio/);
    expect(table).toMatch(/time to first audio +p50 20, p95 40, p99 40 ms/);
    expect(table).toMatch(/loss +0.1 % \(1 of 1000\)/);
  });

  it('is one line while it runs', () => {
    const progress = {
      phase: 'arriving',
      asked: 50,
      waiting: 0,
      joined: 7,
      failed: 1,
      packetsPerSecond: 349.6,
      elapsedS: 3.4,
    } as const;
    expect(formatProgress(progress)).toBe('   3 s  arriving: 7/50 joined, 1 failed, 350 packets/s');
    expect(formatProgress({ ...progress, waiting: 40 })).toContain('7/50 joined, 40 waiting, 1 failed');
  });
});

describe('the limit', () => {
  it('is told in the table, in words', () => {
    const busy = { ...steady.generator, cpuPct: 99 };
    const phase = {
      name: 'measuring' as const,
      processes: [busy],
      seconds: 10,
      browserCpuPct: null,
      from: sfu(1, 1),
      to: sfu(2, 2),
    };
    const table = formatTable(buildReport({ ...measured, phases: [phase] }));
    expect(table).toMatch(/at its limit +the load test\n +a process of the load test took 99 % of a core/);
  });
});
