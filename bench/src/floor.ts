import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { buildFloor } from '../../scripts/lib/floor.mjs';
import { figureOf, type Figure } from './figures.ts';

export interface FloorSize {
  /** A thousand packets each. */
  readonly rounds: number;
  readonly runs: number;
}

/** µs of CPU that AES-128-GCM and `sendto` of one packet of 120 bytes take on this machine. */
export async function measureFloor({ rounds, runs }: FloorSize, signal: AbortSignal): Promise<Figure | null> {
  const program = await buildFloor(signal);
  const { stdout } = await promisify(execFile)(program, [String(rounds), String(runs)], { signal });
  return figureOf(stdout.trim().split('\n').map(Number));
}
