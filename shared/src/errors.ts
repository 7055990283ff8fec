/** Codes of refusals and of closes: a client decides from these, never from the text beside them. */

export const ERROR_CODES = [
  // Who you are
  'UNAUTHENTICATED',
  'TICKET_INVALID',
  'TICKET_EXPIRED',
  'TICKET_USED',
  'CLIENT_TOO_OLD',
  'SERVER_TOO_OLD',
  // The room
  'ROOM_NOT_FOUND',
  'ROOM_ENDED',
  'ROOM_FULL',
  'BANNED',
  // What you asked
  'INVALID_PAYLOAD',
  'INVALID_STATE',
  'NOT_ALLOWED',
  'NOT_FOUND',
  'STAGE_FULL',
  'STAGE_LOCKED',
  'COHOSTS_FULL',
  'HANDS_FULL',
  'RATE_LIMITED',
  'QUOTA_EXCEEDED',
  // The server
  'UNAVAILABLE',
  /** Every mixer of the cluster has all the rooms that it can take. */
  'SERVER_BUSY',
  'INTERNAL',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/**
 * Why the server closes a socket; sent in `closed` just before.
 * - `replaced`: the same person opened the room elsewhere. Stop.
 * - `removed`, `banned`: a moderator's decision. Stop; after `removed` one may come back by hand.
 * - `ended`: the room is over. Stop.
 * - `restarting`: the server goes down for a moment. Come back, with jitter.
 * - `moved`: what they do now is done on another node. Come back at once with a new ticket; the sound goes on until then.
 * - `abuse`: the client went past its quotas. Stop.
 */
export const CLOSE_REASONS = ['replaced', 'removed', 'banned', 'ended', 'restarting', 'moved', 'abuse'] as const;
export type CloseReason = (typeof CLOSE_REASONS)[number];

/** One refusal, as it travels: in an ack, in a handshake error, or (with more members) as `application/problem+json`. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
}
