import { useCallback, useEffect, useState } from 'react';
import { useRun } from '../../hooks/useRun.ts';

export interface People<T> {
  /** Null until the first answer. */
  readonly value: T | null;
  readonly refresh: () => void;
}

/** Asks the server for a list after `delayMs` of quiet, and again on demand; what was shown stays until the answer is there. */
export function usePeople<T>(load: () => Promise<T>, delayMs = 0): People<T> {
  const run = useRun();
  const [value, setValue] = useState<T | null>(null);
  const [round, setRound] = useState(0);
  useEffect(() => {
    let over = false;
    const timer = setTimeout(() => {
      void run(async () => {
        const next = await load();
        if (!over) setValue(next);
      });
    }, delayMs);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [load, run, delayMs, round]);
  return { value, refresh: useCallback(() => setRound((count) => count + 1), []) };
}
