import { describeGroup, mergeGroups, type GroupWindow, type Hearing } from './GroupWindow.ts';
import { groupOf, GROUPS, type Group } from './kinds.ts';
import type { Listener } from '../people/Listener.ts';
import type { StreamCounts } from './SequenceTracker.ts';
import { difference, lostOf } from './stats.ts';

/** Silence longer than this at the end of the window is no pause between words: DTX sends a packet each 400 ms. */
const STALL_MS = 1500;

export interface WindowResult {
  readonly seconds: number;
  /** The listeners who were listening when it began. */
  readonly groups: Readonly<Record<Group, GroupWindow>>;
  /** How each room heard, by its index; listeners behind a poor network are left out. */
  readonly rooms: readonly GroupWindow[];
  /** Listeners whose media was built anew, at the server's word. */
  readonly restarted: number;
}

type Heard = Pick<
  Listener,
  | 'kind'
  | 'room'
  | 'state'
  | 'counts'
  | 'takeQuality'
  | 'lastAudioMs'
  | 'jitterMs'
  | 'mediaRestarts'
  | 'absentMs'
  | 'fail'
>;

interface Beginning {
  readonly counts: StreamCounts;
  readonly mediaRestarts: number;
  readonly absentMs: number;
}

/** The time in which nobody joins: what everyone receives between two moments. */
export class SteadyWindow {
  readonly #from: ReadonlyMap<Heard, Beginning>;
  readonly #startedMs = performance.now();
  readonly #roomCount: number;

  /** @param roomCount of the whole run */
  constructor(listeners: readonly Heard[], roomCount = 1) {
    this.#roomCount = roomCount;
    const listening = listeners.filter(({ state }) => state.kind === 'listening');
    this.#from = new Map(
      listening.map((listener) => {
        const { mediaRestarts, absentMs } = listener;
        return [listener, { counts: listener.counts(), mediaRestarts, absentMs }];
      }),
    );
    // Quality from before the window is not part of it.
    for (const listener of listening) listener.takeQuality();
  }

  /** Ends the window: those who stopped hearing within it, without a connection lost, are failed as `stalled`. */
  close(): WindowResult {
    const nowMs = performance.now();
    const rows = [...this.#from].map(([listener, from]) => this.#describe(listener, from, nowMs));
    const packetsPerMs = sumOf(rows, ({ counts }) => counts.expected) / sumOf(rows, ({ heardMs }) => heardMs);
    const hearings: { readonly group: Group; readonly room: number; readonly hearing: Hearing }[] = [];
    for (const { listener, counts, presentMs, heardMs, silentMs } of rows) {
      const isStalled = silentMs >= STALL_MS;
      // Sequence numbers say nothing of what came after the last packet; the rate before it does.
      const rate = heardMs > STALL_MS ? counts.expected / heardMs : packetsPerMs;
      const missed = isStalled && Number.isFinite(rate) ? Math.round(rate * silentMs) : 0;
      const { jitterMs } = listener;
      const quality = listener.takeQuality();
      const lost = lostOf(counts) + missed;
      const hearing = { counts, lost, jitterMs, quality, presentMs, silentMs: isStalled ? silentMs : 0 };
      hearings.push({ group: groupOf(listener.kind), room: listener.room, hearing });
      if (isStalled) listener.fail('stalled');
    }
    const describe = (of: Group) =>
      describeGroup(hearings.filter(({ group }) => group === of).map(({ hearing }) => hearing));
    const onGoodNetwork = hearings.filter(({ group }) => group !== 'slow');
    const describeRoom = (index: number) =>
      describeGroup(onGoodNetwork.filter(({ room }) => room === index).map(({ hearing }) => hearing));
    return {
      seconds: (nowMs - this.#startedMs) / 1000,
      groups: { light: describe('light'), full: describe('full'), slow: describe('slow') },
      rooms: Array.from({ length: this.#roomCount }, (_, index) => describeRoom(index)),
      restarted: rows.filter(({ restarted }) => restarted).length,
    };
  }

  #describe(listener: Heard, from: Beginning, nowMs: number) {
    const lastMs = Math.max(this.#startedMs, listener.lastAudioMs ?? 0);
    const absentMs = listener.absentMs - from.absentMs;
    // A listener who is away, or on the way back, misses nothing.
    const isHere = listener.state.kind !== 'away' && listener.state.kind !== 'joining';
    return {
      listener,
      counts: difference(from.counts, listener.counts()),
      restarted: listener.mediaRestarts > from.mediaRestarts,
      presentMs: nowMs - this.#startedMs - absentMs,
      heardMs: Math.max(0, (isHere ? lastMs : nowMs) - this.#startedMs - absentMs),
      silentMs: isHere ? nowMs - lastMs : 0,
    };
  }
}

/** What several processes measured at the same time. */
export function mergeWindows(windows: readonly WindowResult[]): WindowResult {
  const merge = (of: Group) => mergeGroups(windows.map(({ groups }) => groups[of]));
  return {
    seconds: sumOf(windows, ({ seconds }) => seconds) / windows.length,
    groups: { light: merge('light'), full: merge('full'), slow: merge('slow') },
    rooms: (windows[0]?.rooms ?? []).map((_, index) => mergeGroups(windows.map(({ rooms }) => rooms[index]!))),
    restarted: sumOf(windows, ({ restarted }) => restarted),
  };
}

/** The listeners whose figures describe the server: all but those behind an emulated poor network. */
export function heardFromServer({ groups }: WindowResult): GroupWindow {
  return mergeGroups([groups.light, groups.full]);
}

export function everyone({ groups }: WindowResult): GroupWindow {
  return mergeGroups(GROUPS.map((group) => groups[group]));
}

function sumOf<T>(items: readonly T[], valueOf: (item: T) => number): number {
  return items.reduce((sum, item) => sum + valueOf(item), 0);
}
