import { useEffect } from 'react';
import { useMicrophone } from './useMicrophone.ts';

/**
 * Keeps the screen on for whoever is on stage with a microphone: a phone that locks stops to capture. The browser takes the lock
 * back with every look at another app, so it is asked for again when the page is seen again.
 */
export function useWakeLock(): void {
  const { status } = useMicrophone();
  const wanted = status === 'open' || status === 'muted';
  useEffect(() => {
    if (!wanted || !('wakeLock' in navigator)) return;
    let over = false;
    let lock: WakeLockSentinel | null = null;
    const acquire = async () => {
      if (document.visibilityState !== 'visible' || (lock && !lock.released)) return;
      // Refused with an empty battery, or by a policy of the page around this one: the screen goes dark as it always did.
      const acquired = await navigator.wakeLock.request('screen').catch(() => null);
      if (over) void acquired?.release();
      else lock = acquired;
    };
    const handleVisibility = () => void acquire();
    handleVisibility();
    document.addEventListener('visibilitychange', handleVisibility);
    return () => {
      over = true;
      document.removeEventListener('visibilitychange', handleVisibility);
      void lock?.release();
    };
  }, [wanted]);
}
