import type { ErrorCode } from '@tribune/shared/errors.ts';

const STATUS: Partial<Record<ErrorCode, number>> = {
  UNAUTHENTICATED: 401,
  TICKET_INVALID: 401,
  TICKET_EXPIRED: 401,
  TICKET_USED: 401,
  CLIENT_TOO_OLD: 426,
  ROOM_NOT_FOUND: 404,
  NOT_FOUND: 404,
  ROOM_ENDED: 410,
  ROOM_FULL: 503,
  SERVER_BUSY: 503,
  UNAVAILABLE: 503,
  BANNED: 403,
  NOT_ALLOWED: 403,
  INVALID_PAYLOAD: 400,
  RATE_LIMITED: 429,
  QUOTA_EXCEEDED: 429,
  INTERNAL: 500,
};

/** A refusal or failure with a code that a client understands. The message is for developers; it never carries a payload. */
export class AppError extends Error {
  readonly code: ErrorCode;
  /** When it is worth asking again, where that is known better than from the code. */
  readonly retryAfterS: number | undefined;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions & { readonly retryAfterS?: number }) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    this.retryAfterS = options?.retryAfterS;
  }

  /** HTTP status of the code. */
  get status(): number {
    return STATUS[this.code] ?? 409;
  }
}
