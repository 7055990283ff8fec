import { describe, expect, it } from 'vitest';
import { NOBODY } from '../people/AudiencePart.ts';
import { formatLive, formatProgress, type Progress } from './progress.ts';
import type { SeriesPoint } from '../report/series.ts';

const progress: Progress = {
  ...NOBODY,
  phase: 'arriving',
  asked: 50,
  arrived: 9,
  joined: 7,
  failed: 1,
  reasons: [{ reason: 'ticket:ROOM_FULL', count: 1 }],
  ttfaP50Ms: 24.4,
  ttfaP95Ms: 120,
  packetsPerSecond: 350.2,
  elapsedS: 3.4,
  generatorCpuPct: 41,
  points: [],
};

function point(s: number, arrived: number, joined: number): SeriesPoint {
  return {
    ...{ s, phase: 'arriving', arrived, joined, waiting: 0, failed: 0, packetsPerSecond: 0, lossPct: 0.25 },
    workers: [{ worker: '0', cpuPct: 33.4, rssMb: 50 }],
    nodeCpuPct: 12.1,
  };
}

describe('progress', () => {
  it('is one line in a log', () => {
    expect(formatProgress(progress)).toBe('   3 s  arriving: 7/50 joined, 1 failed, 350 packets/s');
    expect(formatProgress({ ...progress, waiting: 40 })).toContain('7/50 joined, 40 waiting, 1 failed');
  });

  it('is a block on a terminal, with failures and reasons, the sound, the CPU and two charts', () => {
    const points = [point(1, 10, 0), point(2, 30, 10), point(3, 70, 50)];
    const text = formatLive({ ...progress, toldToWait: 5, points }, 80).join('\n');
    expect(text).toContain('7 of 50 joined, 9 arrived, 5 told to come back, 1 failed');
    expect(text).toContain('1 × ticket:ROOM_FULL');
    expect(text).toContain('p50 24 ms, p95 120 ms, loss 0.25 %, 350 packets/s');
    expect(text).toContain('worker 0 33 %, Node 12 %, load test 41 %');
    expect(text).toMatch(/^arrivals\/s {2}▂▄█ +max 40$/m);
    expect(text).toMatch(/^joined\/s {4} ▂█ +max 40$/m);
  });

  it.each([20, 40, 80, 200])('fits a terminal of %i columns, with a chart of its newest seconds', (columns) => {
    const points = Array.from({ length: 500 }, (_, index) => point(index, index * index, index * index));
    for (const line of formatLive({ ...progress, points }, columns)) expect(line.length).toBeLessThan(columns);
  });

  it('says what is not known yet', () => {
    const text = formatLive({ ...progress, ttfaP50Ms: null, ttfaP95Ms: null, generatorCpuPct: null }, 80).join('\n');
    expect(text).toContain('p50 –, p95 –, loss –');
  });
});
