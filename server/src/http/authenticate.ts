import type { Person } from '@tribune/shared/domain.ts';
import type { Request } from 'express';
import type { Tokens } from '../auth/Tokens.ts';
import { AppError } from '../errors.ts';

/** Whose session the request carries. @throws {AppError} UNAUTHENTICATED */
export function authenticate(req: Request, tokens: Tokens): Person {
  const [scheme, token] = (req.get('authorization') ?? '').split(' ');
  if (scheme?.toLowerCase() !== 'bearer' || !token) throw new AppError('UNAUTHENTICATED', 'A session is needed');
  return tokens.verifySession(token);
}
