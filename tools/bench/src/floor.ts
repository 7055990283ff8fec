import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { buildFloor } from '@tribune/scripts/floor.mjs';
import { figureOf, type Figure } from './figures.ts';

export interface FloorSize {
  readonly runs: number;
  /** Of a thousand packets, one right after the other. */
  readonly rounds: number;
  /** As many packets at a time as a room of the bench has listeners, as often as the mix has packets. */
  readonly paced: { readonly rounds: number; readonly sockets: number; readonly pauseMs: number };
}

/** µs of CPU that AES-128-GCM and `sendto` of one packet of 120 bytes take on this machine. */
export interface FloorResult {
  /** With warm caches: what everything else is compared with. */
  readonly usPerPacket: Figure | null;
  /** With the pauses that there are between the packets of a mix, in which others use the core and its caches. */
  readonly pacedUsPerPacket: Figure | null;
}

export async function measureFloor({ runs, rounds, paced }: FloorSize, signal: AbortSignal): Promise<FloorResult> {
  const program = await buildFloor(signal);
  const measure = async (...args: readonly number[]) => {
    const { stdout } = await promisify(execFile)(program, args.map(String), { signal });
    return figureOf(stdout.trim().split('\n').map(Number));
  };
  return {
    usPerPacket: await measure(rounds, runs, 1000, 0),
    pacedUsPerPacket: await measure(paced.rounds, runs, paced.sockets, paced.pauseMs),
  };
}
