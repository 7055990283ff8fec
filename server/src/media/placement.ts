import type { OutputPacketMs } from '../mixer/mixerMessages.ts';

/** How many listeners a worker has. */
export interface WorkerLoad {
  readonly index: number;
  readonly listeners: number;
}

/**
 * A room stays on the audience workers that it is on until another has so many listeners less: else a room of three listeners
 * would have its mix sent to three workers.
 */
const SPREAD_AT_LISTENERS = 16;
/** A worker with so many listeners spends about an eighth of a core on them: from then on it sends half as many packets, twice as long. */
const LONG_PACKETS_FROM_LISTENERS = 500;
/** And not before it has fewer than this are they short again, so that a few who come and go change nothing. */
const SHORT_PACKETS_BELOW_LISTENERS = 350;
/** A stage has a few dozen members, an audience any number: one worker in four is plenty for stages. */
const WORKERS_PER_STAGE_WORKER = 4;

/**
 * What each of so many workers is for. Handshakes of a crowd share the worker's thread with its media, so that stages keep away
 * from them wherever there are two workers.
 */
export function planWorkers(count: number): {
  readonly stage: readonly number[];
  readonly audience: readonly number[];
} {
  const all = Array.from({ length: count }, (_, index) => index);
  if (count === 1) return { stage: all, audience: all };
  const stages = Math.max(1, Math.floor(count / WORKERS_PER_STAGE_WORKER));
  return { stage: all.slice(0, stages), audience: all.slice(stages) };
}

/**
 * The worker for the next listener of a room, by the number of listeners and not of rooms; null where none runs.
 * @param present indices of the workers that the room's mix goes to already
 */
export function placeListener<W extends WorkerLoad>(workers: readonly W[], present: ReadonlySet<number>): W | null {
  const least = leastLoaded(workers);
  const home = leastLoaded(workers.filter(({ index }) => present.has(index)));
  return least && home && home.listeners < least.listeners + SPREAD_AT_LISTENERS ? home : least;
}

function leastLoaded<W extends WorkerLoad>(workers: readonly W[]): W | null {
  return workers.reduce<W | null>((best, worker) => (best && best.listeners <= worker.listeners ? best : worker), null);
}

/** How much sound the packets of a worker hold when nothing else is configured. @param now how much they hold now */
export function choosePacketMs(now: OutputPacketMs, listeners: number): OutputPacketMs {
  const from = now === 120 ? SHORT_PACKETS_BELOW_LISTENERS : LONG_PACKETS_FROM_LISTENERS;
  return listeners >= from ? 120 : 60;
}
