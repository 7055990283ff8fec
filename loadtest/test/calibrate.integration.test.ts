import { expect, it } from 'vitest';
import { findWorker } from '@tribune/scripts/worker.mjs';
import { calibrate } from '../src/calibrate/calibrate.ts';
import { formatCalibration } from '../src/calibrate/formatCalibration.ts';

/** The load test against itself, at a size that says nothing of what it takes. */

const size = { step: 3, windowMs: 1000, limitMs: 1 };

it('a calibration says what a packet and a join cost the load test, for each kind of listener', async () => {
  const steps: string[] = [];
  const signal = new AbortController().signal;
  const results = await calibrate(await findWorker(), { size, signal, onStep: (text) => steps.push(text) });
  expect(results.map(({ kind }) => kind)).toEqual(['light', 'full']);
  for (const { packetsPerSecond, cpuUsPerPacket, joinCpuMs } of results) {
    // Three listeners of three voices, 50 packets a second each.
    expect(packetsPerSecond).toBeGreaterThan(300);
    expect(packetsPerSecond).toBeLessThan(600);
    expect(cpuUsPerPacket).toBeGreaterThan(0);
    expect(joinCpuMs).toBeGreaterThan(0);
  }
  expect(steps[0]).toMatch(/^light: 3 listeners, \d+ packets\/s, \d+ % of a core$/);
});

it('a calibration ends when it is told to, and its media worker with it', async () => {
  const stop = new AbortController();
  const onStep = () => stop.abort('enough');
  const endless = { ...size, limitMs: 60_000 };
  await expect(calibrate(await findWorker(), { size: endless, signal: stop.signal, onStep })).rejects.toBe('enough');
});

it('a calibration is told in words, with what it means for a run', () => {
  const figures = { packetsPerSecond: 50_000, cpuUsPerPacket: 17, joinCpuMs: 2.5 };
  const text = formatCalibration([
    { kind: 'light', ...figures, stop: 'time' },
    { kind: 'full', ...figures, stop: 'cpu' },
  ]);
  expect(text).toContain('50000 packets/s, as 3000 listeners of a mix receive, until the time was up');
  expect(text).toContain('2.5 ms of CPU for the media of a join, so 400 joins/s at most');
  expect(text).toMatch(/full listeners.*\n.*until its core was full/);
});
