import { ApiError } from '@tribune/shared/ApiClient.ts';
import { useCallback } from 'react';
import { loadSession, saveSession } from '../client/session.ts';
import { useApi } from './useApi.ts';

export interface Session {
  /** Of an earlier visit; empty on the first one. */
  readonly name: string;
  /** Is this the name of the session there is? Then nothing has to be asked of the server. */
  isFor(name: string): boolean;
  /** Starts a guest session under this name, or keeps the one there is. */
  signIn(name: string): Promise<void>;
  /** Does something under this name; a session that has expired is renewed once. */
  as<T>(name: string, work: () => Promise<T>): Promise<T>;
}

export function useSession(): Session {
  const api = useApi();
  const isFor = useCallback((name: string) => loadSession()?.user.name === name, []);
  const renew = useCallback(async (name: string) => saveSession(await api.createSession(name)), [api]);
  const signIn = useCallback(
    async (name: string) => {
      if (!isFor(name)) await renew(name);
    },
    [isFor, renew],
  );
  const as = useCallback(
    async <T>(name: string, work: () => Promise<T>) => {
      await signIn(name);
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof ApiError) || error.code !== 'UNAUTHENTICATED') throw error;
        await renew(name);
        return work();
      }
    },
    [signIn, renew],
  );
  return { name: loadSession()?.user.name ?? '', isFor, signIn, as };
}
