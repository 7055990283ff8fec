import { useEffect, useState } from 'react';
import { useApi } from './useApi.ts';

const TICK_MS = 20_000;

/** The time by the server's clock, which says when a room began; fresh enough for minutes. */
export function useNow(): number {
  const api = useApi();
  const [now, setNow] = useState(() => api.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(api.now()), TICK_MS);
    return () => clearInterval(timer);
  }, [api]);
  return now;
}
