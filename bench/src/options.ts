import { parseArgs } from 'node:util';
import type { BenchSize } from './runBench.ts';

export const SECTIONS = ['floor', 'sfu', 'rooms', 'joins', 'signalling'] as const;
export type Section = (typeof SECTIONS)[number];

export interface BenchOptions {
  readonly size: BenchSize;
  readonly sections: readonly Section[];
  /** Where the figures go; null for `bench/results`, which takes complete runs only. */
  readonly jsonFile: string | null;
}

/** What the person typed makes no sense; the message says what. */
export class UsageError extends Error {}

export const HELP = `npm run bench -- [options]

Measures what Tribune costs on this machine, beside what the machine itself costs.

  --only SECTIONS  of ${SECTIONS.join(',')}; default: all
  --quick          a small run of a few seconds, to see whether it works: its figures mean little
  --json FILE      writes the figures there instead of to bench/results
  --baseline DIR   another checkout of Tribune, whose mixer is measured beside this one, as a ratio
  --help           this`;

/** As large as two cores carry beside the clients. */
export const FULL: BenchSize = {
  floor: { rounds: 100, runs: 7, paced: { rounds: 20, sockets: 300, pauseMs: 60 } },
  sfu: {
    rooms: [
      { microphones: 1, listeners: 300 },
      { microphones: 3, listeners: 300 },
      { microphones: 10, listeners: 300 },
    ],
    windowMs: 3000,
    runs: 3,
  },
  rooms: {
    stages: [
      { rooms: 1, microphones: 1 },
      { rooms: 10, microphones: 1 },
      { rooms: 10, microphones: 3 },
      { rooms: 10, microphones: 10 },
    ],
    windowMs: 4000,
    runs: 3,
    firstRooms: 20,
    baseline: null,
  },
  joins: { joins: 300, runs: 3, steadyMs: 2000 },
  signalling: {
    rooms: [
      { sockets: 1000, pulses: 5 },
      { sockets: 10_000, pulses: 3 },
    ],
    runs: 5,
  },
};

const QUICK: BenchSize = {
  floor: { rounds: 5, runs: 3, paced: { rounds: 2, sockets: 300, pauseMs: 60 } },
  sfu: { rooms: [{ microphones: 1, listeners: 5 }], windowMs: 1000, runs: 1 },
  rooms: { stages: [{ rooms: 1, microphones: 1 }], windowMs: 500, runs: 1, firstRooms: null, baseline: null },
  joins: { joins: 10, runs: 1, steadyMs: 500 },
  signalling: { rooms: [{ sockets: 50, pulses: 1 }], runs: 1 },
};

/**
 * @param args without the names of node and script
 * @returns null when help was asked for
 * @throws {UsageError}
 */
export function parseCommandLine(args: readonly string[]): BenchOptions | null {
  const { help, quick, json, only, baseline = null } = read(args);
  if (help) return null;
  const wanted = only?.split(',') ?? SECTIONS;
  const unknown = wanted.filter((section) => !SECTIONS.includes(section as Section));
  if (unknown.length > 0) throw new UsageError(`--only has no ${unknown.join(', ')}: ${SECTIONS.join(', ')}`);
  const sections = SECTIONS.filter((section) => wanted.includes(section));
  const size = quick ? QUICK : FULL;
  return { size: { ...size, rooms: { ...size.rooms, baseline } }, sections, jsonFile: json ?? null };
}

function read(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: false,
      options: {
        only: { type: 'string' },
        quick: { type: 'boolean' },
        json: { type: 'string' },
        baseline: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
