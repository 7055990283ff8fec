import { useEffect } from 'react';
import { linkTo } from '../client/basePath.ts';
import { usePlayback } from './roomFacts.ts';
import { useRoomClient } from './useRoomClient.ts';

interface MediaTitle {
  readonly title: string;
  readonly artist: string;
}

/** Names what plays on the lock screen and beside the media keys, for as long as it is open. */
export function useMediaTitle({ title, artist }: MediaTitle): void {
  useEffect(() => {
    if (!('mediaSession' in navigator)) return;
    const { mediaSession } = navigator;
    mediaSession.metadata = new MediaMetadata({
      title,
      artist,
      album: 'Tribune',
      artwork: [{ src: linkTo('/icon-512.png'), sizes: '512x512', type: 'image/png' }],
    });
    return () => {
      mediaSession.metadata = null;
      mediaSession.playbackState = 'none';
    };
  }, [title, artist]);
}

/** Shows the room on the lock screen and beside the media keys for as long as it is open, and obeys their play and pause. */
export function useMediaSession({ title, artist }: MediaTitle): void {
  const client = useRoomClient();
  const paused = usePlayback() === 'paused';
  useMediaTitle({ title, artist });
  useEffect(() => {
    if (!('mediaSession' in navigator)) return;
    const { mediaSession } = navigator;
    mediaSession.setActionHandler('play', () => void client.startPlayback());
    mediaSession.setActionHandler('pause', () => client.pausePlayback());
    return () => {
      mediaSession.setActionHandler('play', null);
      mediaSession.setActionHandler('pause', null);
    };
  }, [client]);
  useEffect(() => {
    if ('mediaSession' in navigator) navigator.mediaSession.playbackState = paused ? 'paused' : 'playing';
  }, [paused]);
}
