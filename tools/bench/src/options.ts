import { defineCommand, listOf, text, type ValuesOf } from '@tribune/cli';
import type { BenchSize } from './runBench.ts';

export const SECTIONS = ['floor', 'sfu', 'rooms', 'joins', 'signalling', 'door', 'broadcast'] as const;
export type Section = (typeof SECTIONS)[number];

export interface BenchOptions {
  readonly size: BenchSize;
  readonly sections: readonly Section[];
  /** Where the figures go; null for `tools/bench/results`, which takes complete runs only. */
  readonly jsonFile: string | null;
}

export const COMMAND = defineCommand({
  name: 'npm run bench --',
  description: 'Measures what Tribune costs on this machine, beside what the machine itself costs.',
  options: {
    only: {
      value: 'SECTIONS',
      parse: listOf(SECTIONS),
      default: SECTIONS,
      defaultText: 'all',
      help: `some of ${SECTIONS.join(',')}`,
    },
    quick: { help: 'a small run of a few seconds, to see whether it works: its figures mean little' },
    json: { value: 'FILE', parse: text(), help: 'writes the figures there instead of to tools/bench/results' },
    baseline: {
      value: 'DIR',
      parse: text(),
      help: 'another checkout of Tribune, whose mixer is measured beside this one, as a ratio',
    },
  },
});

/** As large as two cores carry beside the clients. */
export const FULL: BenchSize = {
  floor: { rounds: 100, runs: 7, paced: { rounds: 20, sockets: 300, pauseMs: 60 } },
  sfu: {
    rooms: [
      { microphones: 1, listeners: 300 },
      { microphones: 3, listeners: 300 },
      { microphones: 10, listeners: 300 },
    ],
    packets: { listeners: 400, maxListeners: 3200 },
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
  door: { honestPerSecond: 20, attackPerSecond: 400, windowMs: 10_000, windows: 3 },
  broadcast: { rooms: 100, windowMs: 12_000, runs: 3, http: { listeners: 2000, windowMs: 6000, runs: 3 } },
};

const QUICK: BenchSize = {
  floor: { rounds: 5, runs: 3, paced: { rounds: 2, sockets: 300, pauseMs: 60 } },
  sfu: {
    rooms: [{ microphones: 1, listeners: 5 }],
    packets: { listeners: 5, maxListeners: 10 },
    windowMs: 1000,
    runs: 1,
  },
  rooms: { stages: [{ rooms: 1, microphones: 1 }], windowMs: 500, runs: 1, firstRooms: null, baseline: null },
  joins: { joins: 10, runs: 1, steadyMs: 500 },
  signalling: { rooms: [{ sockets: 50, pulses: 1 }], runs: 1 },
  door: { honestPerSecond: 10, attackPerSecond: 100, windowMs: 1500, windows: 1 },
  broadcast: { rooms: 2, windowMs: 2000, runs: 1, http: { listeners: 20, windowMs: 500, runs: 1 } },
};

/** What a run does for the options that were given. */
export function benchOptionsOf({ quick, only, json, baseline }: ValuesOf<typeof COMMAND>): BenchOptions {
  const size = quick ? QUICK : FULL;
  return {
    size: { ...size, rooms: { ...size.rooms, baseline: baseline ?? null } },
    sections: only,
    jsonFile: json ?? null,
  };
}
