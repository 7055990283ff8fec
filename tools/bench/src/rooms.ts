import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { encodeSpeeches } from '@tribune/loadtest/people/Stage.ts';
import { createLogger } from '@tribune/server/logger.ts';
import type { Mixer } from '@tribune/server/mixer/Mixer.ts';
import { figureOf, type Figure } from './figures.ts';
import { TalkingRooms } from './TalkingRooms.ts';

/** One process, since that is what is measured. What the types of this checkout do not have is for mixers of older ones. */
const CONFIG = {
  ...{ MIXERS: 1, MIX_BITRATE: 32_000, relayListenAddress: '127.0.0.1' },
  ...{ MIX_PACKET_MS: 60, MEDIA_LISTEN_ADDRESS: '127.0.0.1' },
} as const;
const SPEECHES = 5;
/** Time in which gains settle and code is compiled. */
const WARM_UP_MS = 3000;
const SETTLE_MS = 1000;
/** Ticks have begun to be late when more than this share of them is. */
const LATE_SHARE = 0.005;
const ATTEMPTS = 3;
/** A mixer that uses less than this share of a core is late because other processes have taken it: fewer rooms would not help. */
const BUSY_LOAD = 0.5;
/** The search for the number of rooms ends when it is known to this share. */
const PRECISION = 0.05;

export interface RoomsSize {
  /** How many rooms share the mixer, and how many microphones are open in each. */
  readonly stages: readonly Stage[];
  readonly windowMs: number;
  readonly runs: number;
  /** The search for the number of rooms in which ticks begin to be late starts here; null when it is not made. */
  readonly firstRooms: number | null;
  /** Another checkout of Tribune, whose mixer is measured beside this one, window by window. */
  readonly baseline: string | null;
}

interface Stage {
  readonly rooms: number;
  readonly microphones: number;
}

interface RoomCost extends Stage {
  /** CPU of the mixer process for each second of a room. */
  readonly msPerRoomSecond: Figure | null;
  readonly baselineMsPerRoomSecond: Figure | null;
  /** Of the two, measured one after the other; null without a baseline. */
  readonly ratio: Figure | null;
}

/** Rooms with one open microphone each that one mixer process mixes in time. */
interface RoomCapacity {
  readonly rooms: number;
  /** True where the machine could not feed so many rooms, and the number follows from what the most that it could feed cost. */
  readonly isExtrapolated: boolean;
  /** CPU for each room-second, with so many rooms or as many as could be fed. */
  readonly msPerRoomSecond: number;
}

export interface RoomsResult {
  readonly costs: readonly RoomCost[];
  readonly capacity: RoomCapacity | null;
  readonly baselineCapacity: RoomCapacity | null;
}

interface Load {
  readonly msPerRoomSecond: number;
  /** Share of ticks. */
  readonly late: number;
  /** Share of the packets of speech that this process sent too late. */
  readonly sentLate: number;
}

type Speeches = readonly (readonly Uint8Array[])[];

/** What a room costs in the mixer process, and how many of them one such process carries. */
export async function measureRooms(size: RoomsSize, signal: AbortSignal): Promise<RoomsResult> {
  const frames = await encodeSpeeches(SPEECHES);
  const speeches = frames.map((speech) => speech.map(({ payload }) => payload).filter((payload) => payload !== null));
  const here = new URL('../../../', import.meta.url).pathname;
  const costs: RoomCost[] = [];
  for (const stage of size.stages) {
    const [own, baseline]: [number[], number[]] = [[], []];
    const measure = async (tree: string) =>
      withRooms(tree, speeches, stage.microphones, async (mixer, rooms) => {
        await rooms.resize(stage.rooms);
        await delay(WARM_UP_MS, undefined, { signal });
        return (await loadOf(mixer, rooms, size.windowMs, signal)).msPerRoomSecond;
      });
    for (let run = 0; run < size.runs; run++) {
      if (size.baseline) baseline.push(await measure(size.baseline));
      own.push(await measure(here));
    }
    costs.push({
      ...stage,
      msPerRoomSecond: figureOf(own),
      baselineMsPerRoomSecond: figureOf(baseline),
      ratio: figureOf(baseline.map((cost, run) => own[run]! / cost)),
    });
  }
  const capacityOf = async (tree: string | null, knownMs: number | undefined) =>
    tree === null || size.firstRooms === null
      ? null
      : withRooms(tree, speeches, 1, async (mixer, rooms) => findCapacity(mixer, rooms, size, knownMs, signal));
  const one = costs.findLast(({ microphones }) => microphones === 1);
  const baselineCapacity = await capacityOf(size.baseline, one?.baselineMsPerRoomSecond?.median);
  return { costs, baselineCapacity, capacity: await capacityOf(here, one?.msPerRoomSecond?.median) };
}

/**
 * Doubles the rooms until ticks are late, and then halves the interval in which they begin to be. Where the machine does not carry
 * the rooms besides what else it does, the number follows from what fewer of them cost.
 *
 * @param knownMs what a room-second costs, for a machine that carries none
 */
async function findCapacity(
  mixer: Mixer,
  rooms: TalkingRooms,
  { firstRooms, windowMs }: RoomsSize,
  knownMs: number | undefined,
  signal: AbortSignal,
): Promise<RoomCapacity> {
  let [inTime, late] = [0, Infinity];
  let best = 0;
  /** Null when they cannot be opened, or send nothing. */
  const tryRooms = async (count: number): Promise<Load | null> => {
    try {
      await rooms.resize(count);
      await delay(SETTLE_MS, undefined, { signal });
      return await bestLoadOf(mixer, rooms, windowMs, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      return null;
    }
  };
  for (let count = firstRooms!; late === Infinity || late - inTime > Math.max(1, late * PRECISION);) {
    const load = await tryRooms(count);
    const isBusy = load !== null && (load.msPerRoomSecond * count) / 1000 > BUSY_LOAD;
    if (!load || load.sentLate > LATE_SHARE || (load.late > LATE_SHARE && !isBusy)) {
      const msPerRoomSecond = best || load?.msPerRoomSecond || knownMs;
      if (!msPerRoomSecond) throw new Error('Not one room could be carried');
      return { rooms: Math.floor(1000 / msPerRoomSecond), isExtrapolated: true, msPerRoomSecond };
    }
    if (load.late > LATE_SHARE) late = count;
    else [inTime, best] = [count, load.msPerRoomSecond];
    count = late === Infinity ? count * 2 : Math.floor((inTime + late) / 2);
  }
  return { rooms: inTime, isExtrapolated: false, msPerRoomSecond: best };
}

/** The first of some windows without late ticks, or the last: in one, another process may have wanted the core. */
async function bestLoadOf(mixer: Mixer, rooms: TalkingRooms, windowMs: number, signal: AbortSignal): Promise<Load> {
  let load = await loadOf(mixer, rooms, windowMs, signal);
  for (let attempt = 1; attempt < ATTEMPTS && load.late > LATE_SHARE; attempt++) {
    load = await loadOf(mixer, rooms, windowMs, signal);
  }
  return load;
}

async function loadOf(mixer: Mixer, rooms: TalkingRooms, windowMs: number, signal: AbortSignal): Promise<Load> {
  const [before, sentBefore, startedMs] = [await mixer.getUsage(), rooms.counts, performance.now()];
  await delay(windowMs, undefined, { signal });
  const [after, sentAfter, elapsedMs] = [await mixer.getUsage(), rooms.counts, performance.now() - startedMs];
  if (sentAfter.received === sentBefore.received) throw new Error('No packet of a mix arrived');
  return {
    msPerRoomSecond: ((after.cpuSeconds - before.cpuSeconds) * 1e6) / elapsedMs / rooms.count,
    late: (after.lateTicks - before.lateTicks) / Math.max(1, after.ticks - before.ticks),
    sentLate: (sentAfter.sentLate - sentBefore.sentLate) / Math.max(1, sentAfter.sent - sentBefore.sent),
  };
}

async function withRooms<T>(
  tree: string,
  speeches: Speeches,
  microphones: number,
  measure: (mixer: Mixer, rooms: TalkingRooms) => Promise<T>,
): Promise<T> {
  const file = pathToFileURL(resolve(tree, 'server/src/mixer/Mixer.ts')).href;
  const module = (await import(file)) as { readonly Mixer: typeof Mixer };
  const logger = createLogger({ LOG_LEVEL: 'error' });
  const mixer = await module.Mixer.create({ config: CONFIG, secret: 'of no use to anybody', logger });
  try {
    const rooms = await TalkingRooms.create(mixer, speeches, microphones);
    try {
      return await measure(mixer, rooms);
    } finally {
      rooms.close();
    }
  } finally {
    mixer.close();
  }
}
