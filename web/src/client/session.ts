import type { SessionResponse } from '@tribune/shared/protocol.ts';
import { basePath } from './basePath.ts';
import { isRecord, readStored, writeStored } from './storage.ts';

/** Another server may be below another path of the same origin. */
const SESSION_KEY = `tribune.session${basePath}`;

/** The guest session of an earlier visit, or null. */
export function loadSession(): SessionResponse | null {
  const stored = readStored(SESSION_KEY);
  if (!isRecord(stored) || typeof stored.token !== 'string' || !isRecord(stored.user)) return null;
  const { userId, name } = stored.user;
  if (typeof userId !== 'string' || typeof name !== 'string') return null;
  return { token: stored.token, user: { userId, name } };
}

/** Keeps the session for the next visit; null forgets it. */
export function saveSession(session: SessionResponse | null): void {
  writeStored(SESSION_KEY, session);
}
