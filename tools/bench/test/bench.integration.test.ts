import { expect, it } from 'vitest';
import { benchOptionsOf, COMMAND } from '../src/options.ts';
import { buildReport, fileNameOf } from '../src/report.ts';
import { runBench } from '../src/runBench.ts';
import { formatTable } from '../src/table.ts';

/** A small size of everything, against a server of its own: whether it measures, and not what. */

const POSITIVE = expect.toSatisfy((value: unknown) => typeof value === 'number' && value > 0);

it('measures each section, and writes what it promises', async () => {
  const { size, sections } = benchOptionsOf(COMMAND.parse(['--quick'])!);
  const faults: unknown[] = [];
  const result = await runBench(size, sections, new AbortController().signal, {
    onFault: (_section, error) => faults.push(error),
  });
  expect(faults).toEqual([]);
  const report = buildReport(result, new Date('2026-11-21T12:00:00Z'));
  expect(report).toMatchObject({
    floorUsPerPacket: POSITIVE,
    sfuUsPerPacket: POSITIVE,
    sfuMsPerListenerSecond: { 1: POSITIVE },
    listenerMsPerSecond: { 60: POSITIVE, 120: POSITIVE },
    listenerFloorsPerSecond: { 60: POSITIVE, 120: POSITIVE },
    listenersPerCore: POSITIVE,
    isListenersPerCoreExtrapolated: expect.any(Boolean),
    kbPerListener: POSITIVE,
    joinsPerSecond: POSITIVE,
    recordingCpuSPerRoomHour: expect.any(Number),
    // As few as that may cost less than a step of 10 ms.
    httpMsPerListenerSecond: { stream: expect.any(Number), hls: expect.any(Number) },
    // Of ten joins too few milliseconds are counted to be above those of the packets beside them.
    joinWorkerMs: expect.any(Number),
    joinNodeMs: expect.any(Number),
    joinWorkerFloors: expect.any(Number),
    joinNodeFloors: expect.any(Number),
    broadcastUsPerSocket: { 50: expect.any(Number) },
    door: { honestP95Ms: { without: POSITIVE, with: POSITIVE }, ratio: POSITIVE },
  });
  expect(result.joins?.arrivals.map(({ share }) => share)).toEqual([0.5, 0.9]);
  expect(fileNameOf({ ...report, machine: { ...report.machine, cpu: 'Intel(R) Xeon(R) 6' } })).toBe(
    '2026-11-21-intel-xeon-6.json',
  );
  expect(formatTable(report)).toContain('| join: worker');
}, 240_000);

it('ends what it has started when it is stopped', async () => {
  const { size } = benchOptionsOf(COMMAND.parse(['--quick'])!);
  const stop = new AbortController();
  const run = runBench(size, ['joins'], stop.signal);
  setTimeout(() => stop.abort(new Error('enough')), 1500);
  await expect(run).rejects.toThrow('enough');
});
