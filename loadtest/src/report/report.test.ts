import { describe, expect, it } from 'vitest';
import { NO_GROUP } from '../hearing/GroupWindow.ts';
import { FULL } from '../hearing/kinds.ts';
import { parseCommandLine } from '../options.ts';
import { buildReport, isSuccess, type Measurements, type SteadyMeasurement } from './report.ts';
import { NO_COUNTS } from '../hearing/stats.ts';
import { formatTable } from './table.ts';

const options = parseCommandLine(['--listeners', '3'])!.options;

function sfu(cpuS: number, nodeCpuS: number) {
  return { workerCpuS: new Map([['0', cpuS]]), workerRssBytes: new Map([['0', 30e6]]), nodeCpuS };
}

const steady: SteadyMeasurement = {
  window: {
    seconds: 10,
    groups: {
      light: {
        ...NO_GROUP,
        listeners: 1,
        listenerSeconds: 10,
        counts: { ...NO_COUNTS, received: 500, expected: 500 },
        jitterMs: [1],
      },
      full: {
        ...NO_GROUP,
        listeners: 1,
        listenerSeconds: 10,
        counts: { ...NO_COUNTS, received: 499, expected: 500 },
        lost: 1,
        jitterMs: [2],
        gaps: [1],
        longestGapMs: [20],
        mos: [4.3],
      },
      slow: NO_GROUP,
    },
    rooms: [NO_GROUP],
    restarted: 0,
  },
  sent: 500,
  generator: {
    machine: '',
    cpuPct: 12.345,
    eventLoopDelayMs: { p50: 0.11, p99: 1, max: 2 },
    rssMb: 150,
    udpDropped: 0,
  },
  sfuBefore: sfu(1, 5),
  sfuAfter: sfu(1.00999, 5.5),
};

const light = { ...FULL, isFull: false };

const measured: Measurements = {
  startedAt: new Date(0),
  options,
  interrupted: null,
  listeners: [
    { kind: light, state: { kind: 'listening' }, joinMs: 10, ttfaMs: 20, refusals: 0, room: 0, mediaFailed: 0 },
    { kind: FULL, state: { kind: 'listening' }, joinMs: 30, ttfaMs: 40, refusals: 0, room: 0, mediaFailed: 0 },
    {
      kind: FULL,
      state: { kind: 'failed', reason: 'no-audio' },
      joinMs: 50,
      ttfaMs: null,
      refusals: 0,
      room: 0,
      mediaFailed: 0,
    },
  ],
  rampMs: 500,
  skipped: 0,
  steady,
  phases: [],
  browsers: null,
  behaviour: null,
  http: null,
  machines: [],
  series: [],
};

describe('buildReport', () => {
  it('derives every figure from what was measured', () => {
    expect(buildReport(measured)).toMatchObject({
      listeners: { asked: 3, joined: 2, toldToWait: 0, mediaFailed: 0, failed: [{ reason: 'no-audio', count: 1 }] },
      joinMs: { p50: 30, p95: 50, p99: 50 },
      ttfaMs: { p50: 20, p95: 40, p99: 40 },
      lossPct: 0.1,
      packetsPerListenerPerSecond: 49.95,
      joinsPerSecond: 4,
      sfu: { cpuUsPerPacket: 10, cpuMsPerListenerSecond: 0.4995, rssMb: 30, nodeCpuPct: 5 },
    });
  });

  it('tells light and full listeners apart', () => {
    const { kinds } = buildReport(measured);
    expect(kinds.light).toMatchObject({ asked: 1, joined: 1, lossPct: 0, corrupt: null, joinMs: { p50: 10 } });
    expect(kinds.full).toMatchObject({
      asked: 2,
      joined: 1,
      lossPct: 0.2,
      corrupt: 0,
      gaps: { perMinute: 6, longestMs: { p50: 20 } },
      mos: { p50: 4.3, p5: 4.3 },
    });
    expect(kinds.slow).toBeNull();
  });

  it('counts listeners behind a slow network in the cost of the server, and in no other figure about it', () => {
    const network = { lossShare: 0.5, delayMs: 0, jitterMs: 0, rateKbps: null };
    const listener = {
      kind: { ...FULL, slow: network },
      state: { kind: 'listening' as const },
      joinMs: 900,
      ttfaMs: 900,
      refusals: 0,
      room: 0,
      mediaFailed: 0,
    };
    const counts = { ...NO_COUNTS, received: 250, expected: 500 };
    const slow = {
      ...NO_GROUP,
      listeners: 1,
      listenerSeconds: 10,
      counts,
      lost: 250,
      quality: { ...NO_GROUP.quality, inflicted: 250 },
    };
    const window = { ...steady.window, groups: { ...steady.window.groups, slow } };
    const listeners = [...measured.listeners, listener];
    const report = buildReport({ ...measured, listeners, steady: { ...steady, window } });
    expect(report).toMatchObject({ lossPct: 0.1, packetsPerListenerPerSecond: 49.95, joinMs: { p99: 50 } });
    expect(report.kinds.slow).toMatchObject({ asked: 1, lossPct: 50, inflictedLossPct: 50 });
    expect(report.sfu.cpuUsPerPacket).toBe(6.66);
    expect(formatTable(report)).toMatch(/of listeners +light +full +slow/);
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
    const groups = { light: NO_GROUP, full: NO_GROUP, slow: NO_GROUP };
    const report = buildReport({ ...measured, steady: { ...steady, window: { ...steady.window, groups } } });
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });
});

describe('isSuccess', () => {
  it('wants everyone to have joined, to the end', () => {
    const report = buildReport(measured);
    expect(isSuccess(report)).toBe(false);
    const all = { ...report, listeners: { asked: 3, joined: 3, toldToWait: 0, mediaFailed: 0, failed: [] } };
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
