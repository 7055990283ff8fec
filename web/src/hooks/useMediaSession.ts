import { useEffect } from 'react';

/** Shows the room on the lock screen, and beside the media keys, for as long as it is open. */
export function useMediaSession({ title, artist }: { readonly title: string; readonly artist: string }): void {
  useEffect(() => {
    if (!('mediaSession' in navigator)) return;
    const { mediaSession } = navigator;
    mediaSession.metadata = new MediaMetadata({
      title,
      artist,
      album: 'Tribune',
      artwork: [{ src: '/icon-512.png', sizes: '512x512', type: 'image/png' }],
    });
    mediaSession.playbackState = 'playing';
    return () => {
      mediaSession.metadata = null;
      mediaSession.playbackState = 'none';
    };
  }, [title, artist]);
}
