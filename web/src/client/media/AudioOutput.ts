import type { PlaybackState } from '../../state/types.ts';

/** Too little to hear. */
const NUDGE = 0.001;

/**
 * The one hidden `<audio>` of the page. It plays one stream to which the track of every voice is added: one element means
 * one permission to play, asked for in one click.
 */
export class AudioOutput {
  readonly #element: HTMLAudioElement;
  readonly #stream = new MediaStream();
  readonly #onState: (state: PlaybackState) => void;
  #state: PlaybackState = 'idle';
  #volume = 1;
  #closed = false;

  constructor(onState: (state: PlaybackState) => void) {
    this.#onState = onState;
    const element = document.createElement('audio');
    element.autoplay = true;
    element.setAttribute('playsinline', '');
    element.dataset.testid = 'room-audio';
    element.hidden = true;
    element.addEventListener('playing', this.#handlePlaying);
    element.addEventListener('pause', this.#handlePause);
    document.addEventListener('visibilitychange', this.#handleVisibility);
    this.#element = element;
  }

  /** Safari plays an element only when it is part of the page. */
  attach(): void {
    if (!this.#closed) document.body.append(this.#element);
  }

  get state(): PlaybackState {
    return this.#state;
  }

  add(track: MediaStreamTrack): void {
    if (this.#closed) return;
    this.#stream.addTrack(track);
    // Given a stream without a track, Chromium never starts to play it, whatever is added later.
    if (this.#element.srcObject === null) this.#element.srcObject = this.#stream;
    else this.#nudge();
    void this.#play();
  }

  remove(track: MediaStreamTrack): void {
    this.#stream.removeTrack(track);
    if (this.#stream.getTracks().length === 0) this.#element.srcObject = null;
  }

  /** Plays, if the browser lets it; inside a click it does. */
  async start(): Promise<void> {
    await this.#play();
  }

  setVolume(volume: number): void {
    this.#volume = Math.min(1, Math.max(0, volume));
    this.#element.volume = this.#volume;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#element.removeEventListener('playing', this.#handlePlaying);
    this.#element.removeEventListener('pause', this.#handlePause);
    document.removeEventListener('visibilitychange', this.#handleVisibility);
    this.#element.srcObject = null;
    this.#element.remove();
    this.#setState('idle');
  }

  readonly #handlePlaying = () => this.#setState('playing');

  /** Nothing here ever pauses: the system did (a phone call, a media key, an unplugged headset). */
  readonly #handlePause = () => {
    if (this.#stream.active) void this.#play();
  };

  /** While a phone rings even the attempt to play fails; when the page is looked at again, it does no more. */
  readonly #handleVisibility = () => {
    if (document.visibilityState === 'visible' && this.#element.paused) this.#handlePause();
  };

  /**
   * Chromium does not play a track that joins a playing stream until the volume changes (seen in 156). Assigning the stream
   * anew would help as well, but costs a gap of about 50 ms in every voice.
   */
  #nudge(): void {
    const { volume } = this.#element;
    const nudged = this.#volume > NUDGE ? this.#volume - NUDGE : this.#volume + NUDGE;
    this.#element.volume = volume === this.#volume ? nudged : this.#volume;
  }

  async #play(): Promise<void> {
    if (this.#closed) return;
    const started = this.#element.play().then(
      () => this.#setState('playing'),
      (error: unknown) => {
        // Other failures are of the moment (a new track interrupts the load), and the next track or `autoplay` mends them.
        if (error instanceof DOMException && error.name === 'NotAllowedError') this.#setState('blocked');
      },
    );
    // Without a track `play()` stays pending; the permission of the click is taken all the same.
    if (this.#element.srcObject !== null) await started;
  }

  #setState(state: PlaybackState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#onState(state);
  }
}
