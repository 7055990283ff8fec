/** What Safari on phones has in the place of `MediaSource`; the types do not know it yet. */
const { ManagedMediaSource } = globalThis as { ManagedMediaSource?: typeof MediaSource };

/** The mix as it is sent: Opus in fragmented MP4. */
export const STREAM_TYPE = 'audio/mp4; codecs="opus"';

/** Null where the browser cannot play the stream of a room piece by piece. */
export function findMediaSource(): typeof MediaSource | null {
  const found = [globalThis.MediaSource as typeof MediaSource | undefined, ManagedMediaSource].find((it) =>
    it?.isTypeSupported(STREAM_TYPE),
  );
  return found ?? null;
}
