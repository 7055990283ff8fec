import { useCallback, useEffect, useState } from 'react';
import { problemOf } from '../i18n/problems.ts';

export type Loaded<T> =
  | { readonly kind: 'loading' }
  | { readonly kind: 'ready'; readonly value: T }
  | { readonly kind: 'failed'; readonly problem: ReturnType<typeof problemOf> };

/**
 * Loads something now and then every `everyMs` while the page is visible. Once there is a value, a failure to refresh it
 * keeps it; before, it is told.
 */
export function usePolled<T>(load: () => Promise<T>, everyMs: number): Loaded<T> & { readonly retry: () => void } {
  const [state, setState] = useState<Loaded<T>>({ kind: 'loading' });
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let over = false;
    const refresh = async () => {
      if (document.visibilityState === 'hidden') return;
      try {
        const value = await load();
        if (!over) setState({ kind: 'ready', value });
      } catch (error) {
        if (!over) setState((now) => (now.kind === 'ready' ? now : { kind: 'failed', problem: problemOf(error) }));
      }
    };
    const handleVisible = () => void refresh();
    void refresh();
    const timer = setInterval(handleVisible, everyMs);
    document.addEventListener('visibilitychange', handleVisible);
    return () => {
      over = true;
      clearInterval(timer);
      document.removeEventListener('visibilitychange', handleVisible);
    };
  }, [load, everyMs, attempt]);
  const retry = useCallback(() => {
    setState({ kind: 'loading' });
    setAttempt((count) => count + 1);
  }, []);
  return { ...state, retry };
}
