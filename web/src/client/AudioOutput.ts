import type { PlaybackState } from './types.ts';

/**
 * The one hidden `<audio>` of the page. It plays one stream to which the track of every voice is added: one element means
 * one permission to play, asked for in one click.
 */
export class AudioOutput {
  readonly #element: HTMLAudioElement;
  readonly #stream = new MediaStream();
  readonly #onState: (state: PlaybackState) => void;
  #state: PlaybackState = 'idle';
  #closed = false;

  constructor(onState: (state: PlaybackState) => void) {
    this.#onState = onState;
    const element = document.createElement('audio');
    element.autoplay = true;
    element.setAttribute('playsinline', '');
    element.dataset.testid = 'room-audio';
    element.hidden = true;
    element.srcObject = this.#stream;
    element.addEventListener('playing', this.#handlePlaying);
    element.addEventListener('pause', this.#handlePause);
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
    void this.#play();
  }

  remove(track: MediaStreamTrack): void {
    this.#stream.removeTrack(track);
  }

  /** Plays, if the browser lets it; inside a click it does. */
  async start(): Promise<void> {
    await this.#play();
  }

  setVolume(volume: number): void {
    this.#element.volume = Math.min(1, Math.max(0, volume));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#element.removeEventListener('playing', this.#handlePlaying);
    this.#element.removeEventListener('pause', this.#handlePause);
    this.#element.srcObject = null;
    this.#element.remove();
    this.#setState('idle');
  }

  readonly #handlePlaying = () => this.#setState('playing');

  /** Nothing here ever pauses: the system did (a phone call, a media key, an unplugged headset). */
  readonly #handlePause = () => {
    if (this.#stream.active) void this.#play();
  };

  async #play(): Promise<void> {
    if (this.#closed) return;
    const started = this.#element.play().then(
      () => this.#setState('playing'),
      (error: unknown) => {
        // Other failures are of the moment (a new track interrupts the load), and the next track or `autoplay` mends them.
        if (error instanceof DOMException && error.name === 'NotAllowedError') this.#setState('blocked');
      },
    );
    // Without a track `play()` stays pending until there is one; the permission of the click is taken all the same.
    if (this.#stream.active) await started;
  }

  #setState(state: PlaybackState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#onState(state);
  }
}
