import type { ListenerResult } from '../people/AudiencePart.ts';
import type { GroupWindow } from '../hearing/GroupWindow.ts';
import { Histogram } from '../hearing/Histogram.ts';
import { isIn } from '../people/Listener.ts';
import { groupOf, type Group } from '../hearing/kinds.ts';
import { percentile, percentilesOf, roundOrNull, type Percentiles } from '../hearing/stats.ts';
import type { WindowResult } from '../hearing/SteadyWindow.ts';

/** How one kind of listener fared. */
export interface GroupReport {
  readonly asked: number;
  readonly joined: number;
  readonly joinMs: Percentiles;
  readonly ttfaMs: Percentiles;
  /** Includes the loss that the emulated network caused; null where nobody listened. */
  readonly lossPct: number | null;
  /** The part of the loss that the emulated network caused. */
  readonly inflictedLossPct: number | null;
  readonly jitterMs: Percentiles;
  readonly latencyMs: Percentiles;
  readonly gaps: {
    /** Per listener and minute. */
    readonly perMinute: number | null;
    readonly longestMs: Percentiles;
  };
  readonly mos: {
    readonly p50: number | null;
    /** Nineteen of twenty listeners have at least that. */
    readonly p5: number | null;
  };
  /** Packets that were not what the stream should carry; null where nobody decrypts. */
  readonly corrupt: number | null;
}

export function describeKinds(
  listeners: readonly ListenerResult[],
  window: WindowResult | null,
): Record<Group, GroupReport | null> {
  const describe = (of: Group): GroupReport | null => {
    const members = listeners.filter(({ kind }) => groupOf(kind) === of);
    return members.length === 0 ? null : describeGroup(members, window && { ...window, group: window.groups[of] });
  };
  return { light: describe('light'), full: describe('full'), slow: describe('slow') };
}

/** Rounded to 0.01 ms, since loopback takes less than 1 ms. */
export function latencyOf({ quality }: GroupWindow): Percentiles {
  const latency = new Histogram(quality.latencyBins);
  const at = (share: number) => roundOrNull(latency.at(share), 2);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

export function mosOf({ mos }: GroupWindow): GroupReport['mos'] {
  const sorted = mos.toSorted((a, b) => a - b);
  return { p50: roundOrNull(percentile(sorted, 0.5), 2), p5: roundOrNull(percentile(sorted, 0.05), 2) };
}

function describeGroup(
  members: readonly ListenerResult[],
  window: { readonly seconds: number; readonly group: GroupWindow } | null,
): GroupReport {
  const group = window?.group ?? null;
  const sent = group ? group.lost + group.counts.received : 0;
  const minutes = group ? group.listenerSeconds / 60 : 0;
  const nothing = { p50: null, p95: null, p99: null };
  return {
    asked: members.length,
    joined: members.filter(({ state }) => isIn(state)).length,
    joinMs: percentilesOf(members.flatMap(({ joinMs }) => joinMs ?? [])),
    ttfaMs: percentilesOf(members.flatMap(({ ttfaMs }) => ttfaMs ?? [])),
    lossPct: group && roundOrNull((100 * group.lost) / sent, 4),
    inflictedLossPct: group && roundOrNull((100 * group.quality.inflicted) / sent, 4),
    jitterMs: percentilesOf(group?.jitterMs ?? []),
    latencyMs: group ? latencyOf(group) : nothing,
    gaps: {
      perMinute: group && roundOrNull(group.gaps.reduce((sum, count) => sum + count, 0) / minutes, 2),
      longestMs: percentilesOf(group?.longestGapMs ?? []),
    },
    mos: group ? mosOf(group) : { p50: null, p5: null },
    corrupt: group && members.some(({ kind }) => kind.isFull) ? group.quality.corrupt : null,
  };
}
