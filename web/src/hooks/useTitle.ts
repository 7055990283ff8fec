import { useEffect } from 'react';
import { isolate } from '../i18n/isolate.ts';

/** Names the tab. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title === '' ? 'Tribune' : `${isolate(title)} · Tribune`;
  }, [title]);
}
