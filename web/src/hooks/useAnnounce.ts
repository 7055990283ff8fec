import { createContext, useContext } from 'react';

export type Announce = (text: string, urgency?: 'polite' | 'assertive') => void;

export const AnnounceContext = createContext<Announce | null>(null);

/** Says something through a live region, for what the eye sees without a toast. */
export function useAnnounce(): Announce {
  const announce = useContext(AnnounceContext);
  if (!announce) throw new Error('useAnnounce needs an <AnnouncerProvider> above it');
  return announce;
}
