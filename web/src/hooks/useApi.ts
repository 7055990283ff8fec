import type { ApiClient } from '@tribune/shared/ApiClient.ts';
import { createContext, useContext } from 'react';

export const ApiContext = createContext<ApiClient | null>(null);

/** The REST interface of the server, with the session of this browser. */
export function useApi(): ApiClient {
  const api = useContext(ApiContext);
  if (!api) throw new Error('useApi needs an <ApiContext value={api}> above it');
  return api;
}
