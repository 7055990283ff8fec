import { STATUS_CODES } from 'node:http';
import type { ErrorCode } from '@tribune/shared/errors.ts';
import type { ErrorRequestHandler, Request, Response } from 'express';
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';

/** Of refusals that are over by themselves, where the refusal itself does not say when. */
const RETRY_AFTER_S: Partial<Record<ErrorCode, number>> = {
  RATE_LIMITED: 2,
  UNAVAILABLE: 2,
  ROOM_FULL: 2,
  SERVER_BUSY: 30,
  QUOTA_EXCEEDED: 60,
};

/** Answers with `application/problem+json` (RFC 9457); `code` is what clients decide from. */
function sendProblem(res: Response, error: AppError): void {
  const { status, code, message } = error;
  const retryAfterS = error.retryAfterS ?? RETRY_AFTER_S[code];
  if (retryAfterS !== undefined) res.set('Retry-After', String(retryAfterS));
  res
    .status(status)
    .type('application/problem+json')
    .send(JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status, detail: message, code }));
}

export function notFound(_req: Request, res: Response): void {
  sendProblem(res, new AppError('NOT_FOUND', 'There is nothing here'));
}

/** Express knows an error handler by its four parameters. */
export function createErrorHandler(logger: Logger): ErrorRequestHandler {
  return (error: unknown, _req, res, next) => {
    if (res.headersSent) return next(error);
    if (error instanceof AppError) return sendProblem(res, error);
    if (isClientFault(error)) return sendProblem(res, new AppError('INVALID_PAYLOAD', 'The request cannot be read'));
    logger.error({ err: error }, 'A request failed in a way that nobody foresaw');
    sendProblem(res, new AppError('INTERNAL', 'Something went wrong on the server'));
  };
}

/** body-parser's errors carry the status that the request deserves. */
function isClientFault(error: unknown): boolean {
  const status = typeof error === 'object' && error !== null && 'status' in error ? Number(error.status) : 500;
  return status >= 400 && status < 500;
}
