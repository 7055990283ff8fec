const PAUSES_MS = [500, 2000, 5000, 15_000] as const;

/**
 * Fetches a part of the page's code, and fetches it again when that fails: at once when the network is back, and else later and later.
 * Chromium remembers an import that failed and never asks for the same address again, so that another one is asked for.
 * @param load such as `() => import('./Part.tsx')`.
 * @param attempts how often in all; what the last one fails with is thrown.
 */
export async function loadChunk<T>(
  load: () => Promise<T>,
  { attempts, signal, onFailure }: { attempts: number; signal?: AbortSignal; onFailure?: () => void },
): Promise<T> {
  let address: string | null = null;
  for (let attempt = 1; ; attempt++) {
    try {
      return await (address === null
        ? load()
        : (import(/* @vite-ignore */ `${address}?retry=${attempt}`) as Promise<T>));
    } catch (error) {
      if (attempt >= attempts || signal?.aborted) throw error;
      address = addressIn(error);
      onFailure?.();
      await pause(PAUSES_MS[attempt - 1] ?? PAUSES_MS.at(-1)!, signal);
      signal?.throwIfAborted();
    }
  }
}

/** Where the failed code was to come from; all browsers name it. A style sheet that failed is no code, and is loaded by `load`. */
function addressIn(error: unknown): string | null {
  const text = error instanceof TypeError ? error.message : '';
  return /https?:\/\/[^\s'"?]+\.js\b/.exec(text)?.[0] ?? null;
}

async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener('online', done);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    window.addEventListener('online', done);
    signal?.addEventListener('abort', done);
  });
}
