import type { SessionResponse } from '@tribune/shared/protocol.ts';
import { isRecord, readStored, writeStored } from './storage.ts';

const SESSION_KEY = 'tribune.session';

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
