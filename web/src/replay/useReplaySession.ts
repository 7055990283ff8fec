import { useEffect } from 'react';
import { useMediaTitle } from '../hooks/useMediaSession.ts';
import type { Player } from './usePlayer.ts';

interface ReplaySession {
  readonly title: string;
  readonly artist: string;
  readonly player: Player;
  readonly actions: Readonly<Partial<Record<MediaSessionAction, () => void>>>;
}

/** The lock screen and the media keys play, pause and skip. */
export function useReplaySession({ title, artist, player, actions }: ReplaySession): void {
  const { isPlaying, seek } = player;
  useMediaTitle({ title, artist });
  useEffect(() => {
    if (!('mediaSession' in navigator)) return;
    navigator.mediaSession.playbackState = isPlaying ? 'playing' : 'paused';
  }, [isPlaying]);
  useEffect(() => {
    if (!('mediaSession' in navigator)) return;
    const { mediaSession } = navigator;
    const names = Object.keys(actions) as MediaSessionAction[];
    for (const name of names) setHandler(name, actions[name] ?? null);
    setHandler('seekto', ({ seekTime }) => seekTime !== undefined && seek(seekTime * 1000));
    return () => {
      for (const name of [...names, 'seekto' as const]) setHandler(name, null);
    };
    /** Browsers know different actions, and throw at those that they do not know. */
    function setHandler(name: MediaSessionAction, handler: MediaSessionActionHandler | null): void {
      try {
        mediaSession.setActionHandler(name, handler);
      } catch {
        // The button is missing on this lock screen, and nothing else.
      }
    }
  }, [actions, seek]);
}
