import { loadChunk } from '../loadChunk.ts';
import type { LiveSound, LiveSoundOptions } from './LiveSound.ts';

const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl';
/** There is no playlist before the first segment. What fails is tried again after as much, or up to twice as much: it fails for many at once. */
const RETRY_MS = 2000;

/** Safari knows the date at which the media time of a playlist begins. */
type WithStartDate = HTMLAudioElement & { readonly getStartDate?: () => Date };

/** The part of hls.js that is in use. */
interface Player {
  readonly playingDate: Date | null;
  destroy(): void;
}

/** Does the browser play playlists by itself? */
export function playsHls(element: HTMLAudioElement): boolean {
  return element.canPlayType(PLAYLIST_TYPE) !== '';
}

/**
 * The playlist of a room: some seconds later than its stream, and through everything that passes on files. hls.js plays it, and the browser
 * itself where that cannot: some say that they play playlists, and fail at this one.
 */
export class HlsSound implements LiveSound {
  readonly #element: WithStartDate;
  readonly #playlist: string;
  readonly #onResponse: LiveSoundOptions['onResponse'];
  readonly #isNative: boolean;
  readonly #stop = new AbortController();
  #player: Player | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;

  /** @param isNative the browser is to play it */
  constructor({ base, element, onResponse }: LiveSoundOptions, isNative: boolean) {
    this.#element = element;
    this.#playlist = `${base}index.m3u8`;
    this.#onResponse = onResponse;
    this.#isNative = isNative;
    this.#begin();
  }

  get positionMs(): number | null {
    const { currentTime, readyState } = this.#element;
    if (readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return null;
    const startMs = this.#element.getStartDate?.().getTime() ?? Number.NaN;
    return this.#player?.playingDate?.getTime() ?? (Number.isNaN(startMs) ? null : startMs + currentTime * 1000);
  }

  seek(): void {
    // The player decides where it begins.
  }

  setRate(rate: number | null): void {
    this.#element.playbackRate = rate ?? 1;
  }

  close(): void {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort();
    clearTimeout(this.#retry);
    this.#player?.destroy();
    this.#element.removeAttribute('src');
    this.#element.load();
  }

  #begin(): void {
    this.#start().catch(() => this.#retryLater(() => this.#begin()));
  }

  #retryLater(retry: () => void): void {
    clearTimeout(this.#retry);
    if (!this.#stop.signal.aborted) this.#retry = setTimeout(retry, RETRY_MS * (1 + Math.random()));
  }

  async #start(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted && !(await this.#isThere())) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    if (signal.aborted) return;
    if (this.#isNative) {
      this.#element.src = this.#playlist;
      return;
    }
    const { default: Hls } = await loadChunk(() => import('hls.js/light'), { attempts: 5, signal });
    if (signal.aborted) return;
    const player = new Hls({ enableWorker: false, maxLiveSyncPlaybackRate: 1.05, backBufferLength: 10 });
    player.on(Hls.Events.ERROR, (_event, { fatal, type }) => {
      if (!fatal) return;
      const isMedia = type === Hls.ErrorTypes.MEDIA_ERROR;
      this.#retryLater(() => (isMedia ? player.recoverMediaError() : player.startLoad()));
    });
    player.loadSource(this.#playlist);
    player.attachMedia(this.#element);
    this.#player = player;
  }

  async #isThere(): Promise<boolean> {
    const response = await fetch(this.#playlist, { signal: this.#stop.signal, credentials: 'omit' }).catch(() => null);
    if (response) this.#onResponse(response);
    return response?.ok ?? false;
  }
}
