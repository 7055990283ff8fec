import type { GroupWindow } from '../hearing/GroupWindow.ts';
import type { ListenerResult } from '../people/AudiencePart.ts';
import { isIn } from '../people/Listener.ts';
import { latencyOf, mosOf } from './groupReport.ts';
import { percentilesOf, roundOrNull } from '../hearing/stats.ts';

/** How one room fared, or several: one number for each figure, so that the worst of them can be told. */
export interface RoomFigures {
  readonly asked: number;
  readonly joined: number;
  /** The figures from here on leave listeners behind an emulated slow network out. */
  readonly joinMsP95: number | null;
  readonly ttfaMsP95: number | null;
  readonly packetsPerListenerPerSecond: number | null;
  readonly lossPct: number | null;
  readonly latencyMsP95: number | null;
  readonly longestGapMsP95: number | null;
  /** Nineteen of twenty listeners have at least that. */
  readonly mosP5: number | null;
}

export interface RoomsReport {
  readonly count: number;
  /** All rooms as one. */
  readonly sum: RoomFigures;
  /** For each figure, that of the room in which it is worst. The room with the smallest share of its listeners is `joined`. */
  readonly worst: RoomFigures;
  readonly each: readonly RoomFigures[];
}

/**
 * @param windows of each room, by its index; empty where nothing was measured
 * @param all of all rooms together; null where nothing was measured
 */
export function describeRooms(
  count: number,
  listeners: readonly ListenerResult[],
  windows: readonly GroupWindow[],
  all: GroupWindow | null,
): RoomsReport {
  const each = Array.from({ length: count }, (_, room) =>
    describeRoom(
      listeners.filter((listener) => listener.room === room),
      windows[room] ?? null,
    ),
  );
  return { count, sum: describeRoom(listeners, all), worst: worstOf(each), each };
}

function describeRoom(members: readonly ListenerResult[], heard: GroupWindow | null): RoomFigures {
  const onGoodNetwork = members.filter(({ kind }) => !kind.slow);
  return {
    asked: members.length,
    joined: members.filter(({ state }) => isIn(state)).length,
    joinMsP95: percentilesOf(onGoodNetwork.flatMap(({ joinMs }) => joinMs ?? [])).p95,
    ttfaMsP95: percentilesOf(onGoodNetwork.flatMap(({ ttfaMs }) => ttfaMs ?? [])).p95,
    packetsPerListenerPerSecond: heard && roundOrNull(heard.counts.received / heard.listenerSeconds, 2),
    lossPct: heard && roundOrNull((100 * heard.lost) / (heard.lost + heard.counts.received), 4),
    latencyMsP95: heard && latencyOf(heard).p95,
    longestGapMsP95: heard && percentilesOf(heard.longestGapMs).p95,
    mosP5: heard && mosOf(heard).p5,
  };
}

function worstOf(rooms: readonly RoomFigures[]): RoomFigures {
  const emptiest = rooms.reduce((a, b) => (b.joined * a.asked < a.joined * b.asked ? b : a));
  const most = (name: keyof RoomFigures) => pick(rooms, name, Math.max);
  const least = (name: keyof RoomFigures) => pick(rooms, name, Math.min);
  return {
    asked: emptiest.asked,
    joined: emptiest.joined,
    joinMsP95: most('joinMsP95'),
    ttfaMsP95: most('ttfaMsP95'),
    packetsPerListenerPerSecond: least('packetsPerListenerPerSecond'),
    lossPct: most('lossPct'),
    latencyMsP95: most('latencyMsP95'),
    longestGapMsP95: most('longestGapMsP95'),
    mosP5: least('mosP5'),
  };
}

/** Null where no room has the figure. */
function pick(rooms: readonly RoomFigures[], name: keyof RoomFigures, best: typeof Math.max): number | null {
  const known = rooms.flatMap((room) => room[name] ?? []);
  return known.length > 0 ? best(...known) : null;
}
