import type { ErrorCode } from './errors.ts';
import type { Disconnection } from './SignalingClient.ts';

/** How long to wait before each attempt in turn; after the last of them, `LAST_DELAY_MS` for ever. */
const DELAYS_MS = [0, 300, 1200, 2700, 4800] as const;
const LAST_DELAY_MS = 7000;
/** From the third delay on, so that a crowd that lost the same server spreads out. */
const JITTER_FROM = 2;
const JITTER = 0.3;
/** Whoever is sent to another node is waited for there, however often that happens while the stage of a room is on its way. */
const MOVE_MAX_MS = 300;
/** A server that says that it restarts has dropped everyone at the same moment: nobody comes back at once. */
const RESTART_MIN_MS = 500;
const RESTART_SPREAD_MS = 2500;
/** Part of a `Retry-After` that is added at random, so that those who were told the same time do not come back together. */
export const RETRY_AFTER_SPREAD = 0.25;
/** Someone who never was inside gets a page that explains, not an endless placeholder. */
const MAX_ENTRY_ATTEMPTS = 6;
/** Whoever hears the room over HTTP meanwhile asks less and less often, but for those who are told when. */
const HEARD_FIRST_DELAY_MS = 1000;
const HEARD_MAX_DELAY_MS = 60_000;

export interface ReconnectContext {
  /** Attempts that have failed since the connection was last good. */
  readonly attempt: number;
  readonly cause: Disconnection | ErrorCode;
  /** The server's word on when to come back. */
  readonly retryAfterS: number | null;
  /** Has this client been inside the room? */
  readonly joinedBefore: boolean;
  /** It hears the room over HTTP meanwhile, or may yet. */
  readonly isHeardOverHttp?: boolean;
}

/** Decides when a client tries again, and when trying again is of no use. */
export interface RetryPolicy {
  /** Milliseconds to wait before the next attempt, or null to stop for good. */
  nextDelayMs(context: ReconnectContext): number | null;
}

/** The policy of the page, and of every client that wants to behave as a page does. */
export class ReconnectPolicy implements RetryPolicy {
  readonly #random: () => number;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  nextDelayMs({ attempt, cause, retryAfterS, joinedBefore, isHeardOverHttp }: ReconnectContext): number | null {
    const isInside = joinedBefore || isHeardOverHttp === true;
    if (!isWorthRetrying(cause, isInside)) return null;
    // A queue moves on, however long it is.
    if (!isInside && attempt >= MAX_ENTRY_ATTEMPTS && cause !== 'RATE_LIMITED') return null;
    if (!joinedBefore && isHeardOverHttp && cause !== 'RATE_LIMITED') {
      const delayMs = Math.min(HEARD_FIRST_DELAY_MS * 2 ** attempt, HEARD_MAX_DELAY_MS);
      return Math.max(delayMs, 1000 * (retryAfterS ?? 0)) * (1 + RETRY_AFTER_SPREAD * this.#random());
    }
    if (retryAfterS !== null) return retryAfterS * 1000 * (1 + RETRY_AFTER_SPREAD * this.#random());
    if (cause === 'restarting') return RESTART_MIN_MS + RESTART_SPREAD_MS * this.#random();
    const delayMs = reconnectDelayMs(attempt, this.#random);
    return cause === 'moved' ? Math.min(delayMs, MOVE_MAX_MS) : delayMs;
  }
}

/** Milliseconds before the next attempt of a client whose connection was lost. */
export function reconnectDelayMs(attempt: number, random: () => number): number {
  const delayMs = DELAYS_MS[attempt] ?? LAST_DELAY_MS;
  return attempt < JITTER_FROM ? delayMs : delayMs * (1 + JITTER * (2 * random() - 1));
}

function isWorthRetrying(cause: ReconnectContext['cause'], isInside: boolean): boolean {
  switch (cause) {
    case 'lost':
    case 'restarting':
    case 'moved':
    // A ticket is good for one connection: the next attempt fetches its own.
    case 'TICKET_EXPIRED':
    case 'TICKET_INVALID':
    case 'TICKET_USED':
    case 'RATE_LIMITED':
    case 'QUOTA_EXCEEDED':
    case 'UNAVAILABLE':
    case 'INTERNAL':
      return true;
    // Waiting for a place outside is the person's choice; someone who was inside, or hears the room, gets one.
    case 'ROOM_FULL':
      return isInside;
    default:
      return false;
  }
}
