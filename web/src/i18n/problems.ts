import { ApiError } from '@tribune/shared/ApiClient.ts';
import { SignalingError } from '@tribune/shared/SignalingClient.ts';
import type { ErrorCode } from '@tribune/shared/errors.ts';
import { MicrophoneError } from '../client/microphone/microphoneProblem.ts';
import type { ClosedReason } from '@tribune/shared/RoomConnection.ts';
import type { LocalReason, MicrophoneProblem } from '../state/types.ts';

/** Everything that can go wrong and that a person is told about. */
export type Problem = ErrorCode | ClosedReason | LocalReason | 'offline' | `mic${Capitalize<MicrophoneProblem>}`;

type ProblemText = { readonly title: string; readonly next: string };

/** One row per problem in every language; a missing one does not compile. */
export type ProblemTexts = Readonly<Record<Problem, ProblemText>>;

/**
 * The button under a problem that closed the room.
 * - `rejoin`: try to enter again. - `signIn`: forget who one was, then enter. - `takeOver`: as `rejoin`, from this tab.
 * - `reload`: fetch the page anew. - `home`: nothing more to do here.
 */
export type WayOut = 'rejoin' | 'takeOver' | 'signIn' | 'reload' | 'home';

export const WAYS_OUT: Readonly<Record<ClosedReason | LocalReason | 'offline', WayOut>> = {
  UNAUTHENTICATED: 'signIn',
  TICKET_INVALID: 'rejoin',
  TICKET_EXPIRED: 'rejoin',
  TICKET_USED: 'rejoin',
  CLIENT_TOO_OLD: 'reload',
  SERVER_TOO_OLD: 'rejoin',
  ROOM_NOT_FOUND: 'home',
  ROOM_ENDED: 'home',
  ROOM_FULL: 'rejoin',
  BANNED: 'home',
  INVALID_PAYLOAD: 'reload',
  INVALID_STATE: 'rejoin',
  NOT_ALLOWED: 'rejoin',
  NOT_FOUND: 'rejoin',
  STAGE_FULL: 'rejoin',
  STAGE_LOCKED: 'rejoin',
  COHOSTS_FULL: 'rejoin',
  HANDS_FULL: 'rejoin',
  RATE_LIMITED: 'rejoin',
  QUOTA_EXCEEDED: 'rejoin',
  SERVER_BUSY: 'home',
  UNAVAILABLE: 'rejoin',
  INTERNAL: 'rejoin',
  replaced: 'takeOver',
  removed: 'rejoin',
  banned: 'home',
  ended: 'home',
  restarting: 'rejoin',
  moved: 'rejoin',
  abuse: 'reload',
  left: 'rejoin',
  offline: 'rejoin',
  socketBlocked: 'rejoin',
  unsupported: 'home',
};

const MICROPHONE_PROBLEMS = {
  denied: 'micDenied',
  missing: 'micMissing',
  busy: 'micBusy',
  insecure: 'micInsecure',
  unloaded: 'micUnloaded',
  failed: 'micFailed',
} as const satisfies Record<MicrophoneProblem, Problem>;

export function microphoneProblem(problem: MicrophoneProblem): Problem {
  return MICROPHONE_PROBLEMS[problem];
}

/** The row for whatever a request threw; a server that cannot be reached while the browser is offline is `offline`. */
export function problemOf(error: unknown): Problem {
  if (error instanceof MicrophoneError) return microphoneProblem(error.problem);
  if (!(error instanceof ApiError || error instanceof SignalingError)) return 'INTERNAL';
  return error.code === 'UNAVAILABLE' && !navigator.onLine ? 'offline' : error.code;
}
