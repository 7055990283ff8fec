import { availableParallelism } from 'node:os';
import { round } from '../hearing/stats.ts';
import type { Calibration, Stop } from './calibrate.ts';

/** Of the mix, in packets of 60 ms. */
const MIX_PACKETS_PER_SECOND = 1000 / 60;

const STOP_WORDS = {
  cpu: 'its core was full',
  late: 'its event loop was late',
  dropped: 'the kernel dropped datagrams',
  lost: 'packets were lost',
  sfu: 'the SFU was full, so it takes more than this',
  time: 'the time was up, so it takes more than this',
} as const satisfies Record<Stop, string>;

/** What the figures mean for a run, in words. */
export function formatCalibration(results: readonly Calibration[]): string {
  const rows = results.flatMap(({ kind, packetsPerSecond, cpuUsPerPacket, joinCpuMs, stop }) => [
    `${kind} listeners, in one process:`,
    `  ${packetsPerSecond} packets/s, as ${Math.floor(packetsPerSecond / MIX_PACKETS_PER_SECOND)} listeners of a mix receive, until ${STOP_WORDS[stop]}`,
    `  ${cpuUsPerPacket} µs of CPU for a packet`,
    `  ${joinCpuMs} ms of CPU for the media of a join${joinCpuMs > 0 ? `, so ${round(1000 / joinCpuMs, 0)} joins/s at most` : ''}`,
    '',
  ]);
  return [...rows, `The SFU took its share of the same ${availableParallelism()} cores.`].join('\n');
}
