import { expect, it } from 'vitest';
import { NOBODY } from '../people/AudiencePart.ts';
import { Series } from './series.ts';

const sfu = (cpuS: number) => ({
  workerCpuS: new Map([['0', cpuS]]),
  workerRssBytes: new Map([['0', 30e6]]),
  nodeCpuS: cpuS / 2,
});

it('a series tells what happened between two seconds', () => {
  const series = new Series(1000);
  series.add('arriving', { atMs: 1000, count: NOBODY, sfu: sfu(1) });
  const count = { ...NOBODY, arrived: 4, waiting: 1, joined: 2, failed: 1, received: 99, expected: 100 };
  series.add('arriving', { atMs: 3000, count, sfu: sfu(2) });
  series.add('measuring', { atMs: 4000, count, sfu: null });
  expect(series.points).toEqual([
    {
      ...{ s: 2, phase: 'arriving', arrived: 4, waiting: 1, joined: 2, failed: 1 },
      ...{ packetsPerSecond: 50, lossPct: 1, nodeCpuPct: 25 },
      workers: [{ worker: '0', cpuPct: 50, rssMb: 30 }],
    },
    {
      ...{ s: 3, phase: 'measuring', arrived: 4, waiting: 1, joined: 2, failed: 1 },
      ...{ packetsPerSecond: 0, lossPct: null, nodeCpuPct: null },
      workers: [],
    },
  ]);
});
