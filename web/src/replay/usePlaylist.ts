import { useCallback, useEffect, useRef, useState, type RefObject } from 'react';
import { loadChunk } from '../client/loadChunk.ts';

const HLS_TYPE = 'application/vnd.apple.mpegurl';

interface Playlist {
  readonly isFailed: boolean;
  /** What failed is asked for anew, and goes on where it was. */
  readonly retry: () => void;
}

/** Plays a playlist that grows, from its beginning: by the browser itself, else by hls.js, which is loaded only then. */
export function usePlaylist(audio: RefObject<HTMLAudioElement | null>, url: string): Playlist {
  const [isFailed, setIsFailed] = useState(false);
  const recover = useRef(() => {});
  useEffect(() => {
    const element = audio.current;
    if (!element) return;
    let isOver = false;
    let stop = () => element.removeAttribute('src');
    const handleError = () => setIsFailed(true);
    const start = async () => {
      const { default: Hls } = await loadChunk(() => import('hls.js'), { attempts: 3 });
      if (isOver) return;
      if (!Hls.isSupported()) {
        if (element.canPlayType(HLS_TYPE) === '') return handleError();
        element.setAttribute('src', url);
        element.addEventListener('error', handleError);
        recover.current = () => {
          const { currentTime } = element;
          element.load();
          element.currentTime = currentTime;
        };
        return;
      }
      // The policy of the page allows no worker from a blob, and sound alone needs none.
      const hls = new Hls({ startPosition: 0, enableWorker: false });
      hls.on(Hls.Events.ERROR, (_, { fatal, type }) => {
        if (!fatal) return;
        recover.current = () => {
          if (type === Hls.ErrorTypes.MEDIA_ERROR) hls.recoverMediaError();
          else if (hls.levels.length === 0) hls.loadSource(url);
          else hls.startLoad();
        };
        handleError();
      });
      hls.loadSource(url);
      hls.attachMedia(element);
      stop = () => hls.destroy();
    };
    recover.current = () => void start().catch(handleError);
    recover.current();
    return () => {
      isOver = true;
      element.removeEventListener('error', handleError);
      stop();
    };
  }, [audio, url]);
  const retry = useCallback(() => {
    setIsFailed(false);
    recover.current();
  }, []);
  return { isFailed, retry };
}
