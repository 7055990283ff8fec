import type { ErrorCode } from '@tribune/shared/errors.ts';
import type { RoomConnectionState } from '@tribune/shared/RoomConnection.ts';
import type { Disconnection } from '@tribune/shared/SignalingClient.ts';
import type { HttpCause } from '../../state/types.ts';

/** Someone who hears nothing for so long hears the room over HTTP until WebRTC is there: a join takes less, as a rule. */
const PATHLESS_MS = 2500;
/** Where there was a way, and nothing comes by it any more: the sound has been gone for a second when that is known. */
const LOST_MS = 1000;
/** An attempt that failed is soon followed by one that does not. */
const FAILED_MS = 800;
/** There is no place: no attempt of the next seconds will find one. */
const FULL: readonly string[] = ['RATE_LIMITED', 'ROOM_FULL', 'QUOTA_EXCEEDED'] satisfies ErrorCode[];
/** There was no answer, as where the network lets none through. Anything else is the word of a server. */
const UNANSWERED: readonly string[] = ['lost', 'UNAVAILABLE'] satisfies (Disconnection | ErrorCode)[];

export interface PlaneFacts {
  readonly connection: RoomConnectionState;
  /** Whoever is on stage has to hear the others as they speak. */
  readonly isOnStage: boolean;
  /** What WebRTC brings: see `AudioReceiver`. */
  readonly path: 'idle' | 'connecting' | 'open';
  /** For how long there has been no way for the sound over WebRTC. */
  readonly pathlessMs: number;
  /** There was one. */
  readonly wasOpen: boolean;
}

/** Why the room has to be heard over HTTP now; null where it is heard over WebRTC, or will be in a moment. */
export function choosePlane({ connection, isOnStage, path, pathlessMs, wasOpen }: PlaneFacts): HttpCause | null {
  if (isOnStage) return null;
  const isPathless = path === 'connecting' && pathlessMs > (wasOpen ? LOST_MS : PATHLESS_MS);
  switch (connection.kind) {
    case 'queued':
      return connection.plane === 'http' ? 'full' : null;
    case 'broadcast':
      return 'broadcast';
    case 'connecting':
      if (connection.refused === null) return pathlessMs > PATHLESS_MS ? 'blocked' : null;
      if (FULL.includes(connection.refused)) return 'full';
      if (pathlessMs <= FAILED_MS) return null;
      return UNANSWERED.includes(connection.refused) ? 'blocked' : 'lost';
    case 'joined':
      if (!isPathless) return null;
      return wasOpen ? 'lost' : 'blocked';
    case 'moving':
    case 'resuming':
      return isPathless ? 'lost' : null;
    case 'closed':
      return null;
  }
}
