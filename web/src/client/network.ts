/** A page that was hidden for so long may have slept through the loss of its network. */
const LONG_HIDDEN_MS = 20_000;

interface NetworkListener {
  readonly onOnline: () => void;
  /** The connection may be gone; worth a probe. */
  readonly onDoubt: () => void;
  /** The page goes away, perhaps for good. */
  readonly onHide: () => void;
  /** The page has come back out of the browser's cache. */
  readonly onReturn: () => void;
}

/** What the browser tells of the network and of the page's life. Returns a function that stops listening. */
export function watchNetwork({ onOnline, onDoubt, onHide, onReturn }: NetworkListener): () => void {
  let hiddenAt = 0;
  const stop = new AbortController();
  const { signal } = stop;
  window.addEventListener('online', onOnline, { signal });
  window.addEventListener('offline', onDoubt, { signal });
  window.addEventListener('pagehide', onHide, { signal });
  window.addEventListener('pageshow', ({ persisted }) => persisted && onReturn(), { signal });
  const handleVisibility = () => {
    if (document.visibilityState === 'hidden') hiddenAt = Date.now();
    else if (Date.now() - hiddenAt > LONG_HIDDEN_MS) onDoubt();
  };
  document.addEventListener('visibilitychange', handleVisibility, { signal });
  return () => stop.abort();
}
