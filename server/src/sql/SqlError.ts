import { AppError } from '../errors.ts';

/**
 * - `UNAVAILABLE`: the database is away, locked for long, or its disk is full; trying again may help.
 * - `CONFLICT`: a row contradicts another, for example one of a recording that does not exist (any more).
 * - `FAILED`: the database refused the statement: a fault of ours.
 */
export type SqlFault = 'UNAVAILABLE' | 'CONFLICT' | 'FAILED';

const CODE = { UNAVAILABLE: 'UNAVAILABLE', CONFLICT: 'INVALID_STATE', FAILED: 'INTERNAL' } as const;

/** A failure of the durable database. */
export class SqlError extends AppError {
  readonly reason: SqlFault;

  constructor(reason: SqlFault, message: string, options?: ErrorOptions) {
    super(CODE[reason], message, options);
    this.reason = reason;
  }
}
