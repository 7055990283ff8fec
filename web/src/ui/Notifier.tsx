import { useCallback, useEffect, useRef, useState, type ReactNode } from 'react';
import { lazyPart } from './lazyPart.tsx';
import { NotifyContext, type Notify, type Toast } from '../hooks/useNotify.ts';

const Toaster = lazyPart(async () => (await import('./overlay/Toaster.tsx')).default);

/** Toasts, whose code is fetched once the page stands; what is said before that waits for it. */
export function NotifierProvider({ children }: { readonly children: ReactNode }) {
  const [standing, setStanding] = useState(false);
  const show = useRef<Notify | null>(null);
  const waiting = useRef<Toast[]>([]);
  const notify = useCallback<Notify>((toast) => {
    if (show.current) show.current(toast);
    else waiting.current.push(toast);
  }, []);
  const handleReady = useCallback((ready: Notify) => {
    show.current = ready;
    for (const toast of waiting.current.splice(0)) ready(toast);
  }, []);
  // A chunk of its own must not hold up the first view.
  useEffect(() => {
    const timer = setTimeout(() => setStanding(true));
    return () => clearTimeout(timer);
  }, []);
  return (
    <>
      <NotifyContext value={notify}>{children}</NotifyContext>
      {standing && <Toaster onReady={handleReady} />}
    </>
  );
}
