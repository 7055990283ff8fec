import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCommandLine, type LoadTestOptions } from '@tribune/loadtest/options.ts';
import { isSuccess } from '@tribune/loadtest/report/report.ts';
import { runLoadTest } from '@tribune/loadtest/run/runLoadTest.ts';
import { TestDeployment } from './support/TestDeployment.ts';

describe('a load test with browsers', () => {
  let deployment: TestDeployment;
  beforeAll(async () => {
    deployment = await TestDeployment.create();
  });
  afterAll(async () => {
    await deployment?.close();
  });

  function optionsFor(args: string): LoadTestOptions {
    const standard = `--url ${deployment.origin} --listeners 5 --rate 5 --processes 1 --browsers 2`;
    return parseCommandLine(`${standard} ${args}`.split(' '))!.options;
  }

  it('reports what they hear and what their jitter buffers do, apart from the simulated listeners', async () => {
    const report = await runLoadTest(optionsFor('--duration 8'));
    const { browsers } = report;
    expect(browsers).toMatchObject({ asked: 2, joined: 2, failed: [], recognised: 2 });
    expect(report.listeners).toMatchObject({ asked: 5, joined: 5, failed: [] });
    expect(isSuccess(report)).toBe(true);
    expect(browsers?.ttfaMs.p50).toBeGreaterThan(0);
    for (const { measuring } of browsers?.each ?? []) {
      expect(measuring?.packetsReceived).toBeGreaterThan(100);
      expect(measuring?.jitterBufferMs).toBeGreaterThan(0);
      expect(measuring?.concealedPct).toBeGreaterThanOrEqual(0);
      expect(measuring?.concealedPct).toBeLessThan(100);
    }
    expect(browsers?.cpuPct.measuring).toBeGreaterThan(0);
  });

  it('tells of a Chromium that does not start as of listeners that failed, and goes on', async () => {
    const before = process.env.CHROMIUM_BIN;
    process.env.CHROMIUM_BIN = '/bin/false';
    try {
      const report = await runLoadTest(optionsFor('--duration 1'));
      expect(report.browsers).toMatchObject({ asked: 2, joined: 0, recognised: null });
      expect(report.browsers?.failed[0]?.reason).toContain('browser: ');
      expect(report.listeners.joined).toBe(5);
      expect(isSuccess(report)).toBe(false);
    } finally {
      if (before === undefined) delete process.env.CHROMIUM_BIN;
      else process.env.CHROMIUM_BIN = before;
    }
  });
});
