import { useCallback, useMemo, useState, type ReactNode } from 'react';
import { AnnounceContext, type Announce } from '../hooks/useAnnounce.ts';
import { VisuallyHidden } from './VisuallyHidden.tsx';

interface Spoken {
  readonly text: string;
  readonly count: number;
}

const SILENT: Spoken = { text: '', count: 0 };

/**
 * Two live regions that are in the page from the start: some screen readers overlook a region that comes with its text. `aria-live`
 * besides the role keeps them in the accessibility tree while a modal dialog hides the rest.
 */
export function AnnouncerProvider({ children }: { readonly children: ReactNode }) {
  const [polite, setPolite] = useState(SILENT);
  const [assertive, setAssertive] = useState(SILENT);
  const announce = useCallback<Announce>((text, urgency = 'polite') => {
    const set = urgency === 'assertive' ? setAssertive : setPolite;
    set(({ count }) => ({ text, count: count + 1 }));
  }, []);
  return (
    <AnnounceContext value={announce}>
      {children}
      <VisuallyHidden role="status" aria-live="polite" data-testid="announce-polite">
        {useRegion(polite)}
      </VisuallyHidden>
      <VisuallyHidden role="alert" aria-live="assertive" data-testid="announce-assertive">
        {useRegion(assertive)}
      </VisuallyHidden>
    </AnnounceContext>
  );
}

/** A new element per message, so that the same words said twice are read twice. */
function useRegion({ text, count }: Spoken): ReactNode {
  return useMemo(() => <span key={count}>{text}</span>, [text, count]);
}
