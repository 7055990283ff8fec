import { can } from '@tribune/shared/permissions.ts';
import { useIsLocked, usePhase, usePlane, useRole, useSelf } from './roomFacts.ts';
import { useRoomClient } from './useRoomClient.ts';
import { useRun } from './useRun.ts';

export interface Hand {
  /** From 1; null while the hand is down. */
  readonly place: number | null;
  /** It goes up as soon as one has a place over WebRTC. */
  readonly waits: boolean;
  /** The stage takes no new hands. */
  readonly locked: boolean;
  readonly raise: (() => void) | undefined;
  readonly lower: (() => void) | undefined;
}

/** One's own hand; neither `raise` nor `lower` for those who are on stage. */
export function useHand(): Hand {
  const { request } = useRoomClient();
  const run = useRun();
  const role = useRole();
  const { handPlace: place } = useSelf();
  const locked = useIsLocked();
  const live = usePhase() === 'live';
  const plane = usePlane();
  const waits = plane.kind === 'http' && plane.wantsHand;
  const mayRaise = live && !locked && !waits && place === null && can(role, 'hand:raise');
  const mayLower = (waits || place !== null) && can(role, 'hand:lower');
  return {
    place,
    waits,
    locked,
    raise: mayRaise ? () => void run(() => request('hand:raise')) : undefined,
    lower: mayLower ? () => void run(() => request('hand:lower')) : undefined,
  };
}
