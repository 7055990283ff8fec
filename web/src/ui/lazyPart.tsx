import { useContext, useEffect, useState, type ComponentType, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { loadChunk } from '../client/loadChunk.ts';
import { NotifyContext } from '../hooks/useNotify.ts';

/**
 * A component whose code is fetched when it is first drawn. Unlike `React.lazy`, one that cannot be fetched takes nothing else down:
 * `fallback` stands in its place, a toast says so, and it is fetched again for as long as it is wanted.
 */
export function lazyPart<P extends object>(
  load: () => Promise<ComponentType<P>>,
): ComponentType<P & { readonly fallback?: ReactNode }> {
  let loaded: ComponentType<P> | null = null;
  return function LazyPart({ fallback = null, ...props }) {
    const { t } = useTranslation();
    const notify = useContext(NotifyContext);
    const [Part, setPart] = useState(() => loaded);
    useEffect(() => {
      if (Part) return;
      const gone = new AbortController();
      const onFailure = () =>
        notify?.({ id: 'part', tone: 'error', text: t('app.partTitle'), detail: t('app.partNext') });
      loadChunk(load, { attempts: Infinity, signal: gone.signal, onFailure }).then(
        (part) => {
          loaded = part;
          if (!gone.signal.aborted) setPart(() => part);
        },
        () => {
          // Not wanted any more.
        },
      );
      return () => gone.abort();
    }, [Part, notify, t]);
    return Part ? <Part {...(props as unknown as P)} /> : fallback;
  };
}
