import { createRandom, type Random } from '../random.ts';
import type { SlowNetwork } from '../media/SlowNetwork.ts';

/** How one listener listens. */
export interface ListenerKind {
  /** Decrypts and checks every packet; else packets are counted by their clear header, for a fraction of the CPU. */
  readonly isFull: boolean;
  /** The poor network that this listener is behind; null for the network as it is. */
  readonly slow: SlowNetwork | null;
  /** Seeds the losses and delays of that network. */
  readonly seed: number;
}

/** One listener of a run. */
export interface ListenerPlan {
  readonly kind: ListenerKind;
  /** Index of the room. */
  readonly room: number;
}

/** Kinds that are reported apart: listeners behind a slow network say nothing of the server, light or full. */
export const GROUPS = ['light', 'full', 'slow'] as const;
export type Group = (typeof GROUPS)[number];

export const FULL: ListenerKind = { isFull: true, slow: null, seed: 0 };

export interface KindPlan {
  readonly listeners: number;
  readonly full: number;
  readonly slow: { readonly share: number; readonly network: SlowNetwork } | null;
  readonly seed: number;
}

export function groupOf({ isFull, slow }: ListenerKind): Group {
  if (slow) return 'slow';
  return isFull ? 'full' : 'light';
}

/** Gives each listener a kind and a room: rooms in turn, so that each is as full as the others at any time. */
export function planListeners(plan: KindPlan & { readonly rooms: number }): ListenerPlan[] {
  return planKinds(plan).map((kind, index) => ({ kind, room: index % plan.rooms }));
}

/** Draws the kind of each listener, so that no kind goes with a time of arrival or with the other kind. */
export function planKinds({ listeners, full, slow, seed }: KindPlan): ListenerKind[] {
  // A sequence of its own: arrivals take theirs from the same seed.
  const random = createRandom(seed ^ 0x6b69_6e64);
  const fulls = draw(full, listeners, random);
  const slows = draw(slow ? Math.max(1, Math.round(slow.share * listeners)) : 0, listeners, random);
  return Array.from({ length: listeners }, (_, index) => ({
    isFull: fulls.has(index),
    slow: slow && slows.has(index) ? slow.network : null,
    seed: Math.floor(random() * 0x1_0000_0000),
  }));
}

/** So many different numbers below `of`: the first ones of a shuffle (Fisher and Yates). */
function draw(count: number, of: number, random: Random): Set<number> {
  const all = Array.from({ length: of }, (_, index) => index);
  for (let at = 0; at < count; at++) {
    const other = at + Math.floor(random() * (of - at));
    [all[at], all[other]] = [all[other]!, all[at]!];
  }
  return new Set(all.slice(0, count));
}
