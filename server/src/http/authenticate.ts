import type { Person } from '@tribune/shared/domain.ts';
import type { Request } from 'express';
import type { Tokens } from '../auth/Tokens.ts';
import { AppError } from '../errors.ts';

/** Whose session the request carries. @throws {AppError} UNAUTHENTICATED */
export function authenticate(req: Request, tokens: Tokens): Person {
  const token = readBearer(req);
  if (token === null) throw new AppError('UNAUTHENTICATED', 'A session is needed');
  return tokens.verifySession(token);
}

/** What stands in `Authorization: Bearer`; null where there is no such header. */
export function readBearer(req: Request): string | null {
  const [scheme, token] = (req.get('authorization') ?? '').split(' ');
  return scheme?.toLowerCase() === 'bearer' && token ? token : null;
}
