import { useEffect, useState, type RefObject } from 'react';
import { loadChunk } from '../client/loadChunk.ts';

const HLS_TYPE = 'application/vnd.apple.mpegurl';

/** Plays a playlist that grows, from its beginning: by the browser itself, else by hls.js, which is loaded only then. */
export function usePlaylist(audio: RefObject<HTMLAudioElement | null>, url: string): { readonly isFailed: boolean } {
  const [isFailed, setIsFailed] = useState(false);
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
        return;
      }
      // The policy of the page allows no worker from a blob, and sound alone needs none.
      const hls = new Hls({ startPosition: 0, enableWorker: false });
      hls.on(Hls.Events.ERROR, (_, { fatal }) => fatal && handleError());
      hls.loadSource(url);
      hls.attachMedia(element);
      stop = () => hls.destroy();
    };
    start().catch(handleError);
    return () => {
      isOver = true;
      element.removeEventListener('error', handleError);
      stop();
    };
  }, [audio, url]);
  return { isFailed };
}
