import { createContext, useContext } from 'react';

export interface Toast {
  readonly text: string;
  /** The next step. */
  readonly detail?: string;
  readonly tone?: 'plain' | 'error';
  /** A toast of the same id is replaced, not repeated. */
  readonly id?: string;
}

export type Notify = (toast: Toast) => void;

export const NotifyContext = createContext<Notify | null>(null);

/** Shows a toast, which a screen reader reads politely. */
export function useNotify(): Notify {
  const notify = useContext(NotifyContext);
  if (!notify) throw new Error('useNotify needs a <NotifierProvider> above it');
  return notify;
}
