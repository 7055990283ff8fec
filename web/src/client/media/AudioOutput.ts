import { PlaybackElement, type PlaybackElementOptions } from './PlaybackElement.ts';

/** Too little to hear. */
const NUDGE = 0.001;

/**
 * The sound that comes over WebRTC: one stream to which the track of every voice is added, since one element means one permission to
 * play, asked for in one click.
 */
export class AudioOutput extends PlaybackElement {
  readonly #stream = new MediaStream();

  constructor(options: PlaybackElementOptions) {
    super('room-audio', options);
  }

  add(track: MediaStreamTrack): void {
    if (this.isClosed) return;
    this.noteChange();
    this.#stream.addTrack(track);
    // Given a stream without a track, Chromium never starts to play it, whatever is added later.
    if (this.element.srcObject === null) this.element.srcObject = this.#stream;
    else this.#nudge();
    this.resume();
  }

  remove(track: MediaStreamTrack): void {
    this.noteChange();
    this.#stream.removeTrack(track);
    if (this.#stream.getTracks().length === 0) this.element.srcObject = null;
  }

  protected override get hasSound(): boolean {
    return this.element.srcObject !== null && this.#stream.active;
  }

  /**
   * Chromium does not play a track that joins a playing stream until the volume changes (seen in 156). Assigning the stream
   * anew would help as well, but costs a gap of about 50 ms in every voice.
   */
  #nudge(): void {
    const nudged = this.volume > NUDGE ? this.volume - NUDGE : this.volume + NUDGE;
    this.element.volume = this.element.volume === this.volume ? nudged : this.volume;
  }
}
