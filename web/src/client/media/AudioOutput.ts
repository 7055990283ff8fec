import type { PlaybackState } from '../../state/types.ts';
import { isOutputPresent } from './outputDevices.ts';

/** Too little to hear. */
const NUDGE = 0.001;
/** An element whose last track ends says that it pauses, perhaps after the next track has come. */
const OWN_CHANGE_MS = 1000;

interface AudioOutputOptions {
  readonly onState: (state: PlaybackState) => void;
  /** The device that was chosen is gone: from now on the system's own is heard. */
  readonly onDeviceLost: () => void;
}

/**
 * The one hidden `<audio>` of the page. It plays one stream to which the track of every voice is added: one element means
 * one permission to play, asked for in one click. What pauses it from outside (pulled headphones, the lock screen, a phone call) is
 * obeyed: it stays paused until the person wants to listen again.
 */
export class AudioOutput {
  readonly #element: HTMLAudioElement;
  readonly #stream = new MediaStream();
  readonly #options: AudioOutputOptions;
  #state: PlaybackState = 'idle';
  #volume = 1;
  #closed = false;
  /** Null is the system's own. */
  #deviceId: string | null = null;
  #isDeviceUsed = false;
  #changedAt = Number.NEGATIVE_INFINITY;

  constructor(options: AudioOutputOptions) {
    this.#options = options;
    const element = document.createElement('audio');
    element.autoplay = true;
    element.setAttribute('playsinline', '');
    element.dataset.testid = 'room-audio';
    element.hidden = true;
    element.addEventListener('playing', this.#handlePlaying);
    element.addEventListener('pause', this.#handlePause);
    mediaDevices()?.addEventListener('devicechange', this.#handleDevices);
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
    this.#changedAt = performance.now();
    this.#stream.addTrack(track);
    // Given a stream without a track, Chromium never starts to play it, whatever is added later.
    if (this.#element.srcObject === null) this.#element.srcObject = this.#stream;
    else this.#nudge();
    if (this.#state !== 'paused') void this.#play();
  }

  remove(track: MediaStreamTrack): void {
    this.#changedAt = performance.now();
    this.#stream.removeTrack(track);
    if (this.#stream.getTracks().length === 0) this.#element.srcObject = null;
  }

  /** Plays, if the browser lets it; inside a click it does. */
  async start(): Promise<void> {
    await this.#play();
  }

  /** As a media key does. */
  pause(): void {
    if (this.#state === 'playing') this.#setState('paused');
    this.#element.pause();
  }

  /**
   * Plays on that device, if the browser can choose one and the device is there.
   * @param deviceId null is the system's own.
   */
  async setDevice(deviceId: string | null): Promise<void> {
    this.#deviceId = deviceId;
    this.#isDeviceUsed = false;
    if (typeof this.#element.setSinkId !== 'function') return;
    try {
      await this.#element.setSinkId(deviceId ?? '');
      this.#isDeviceUsed = deviceId !== null && deviceId === this.#deviceId;
    } catch {
      // Not plugged in today; `devicechange` tries again.
    }
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
    mediaDevices()?.removeEventListener('devicechange', this.#handleDevices);
    this.#element.srcObject = null;
    this.#element.remove();
    this.#setState('idle');
  }

  readonly #handlePlaying = () => this.#setState('playing');

  readonly #handlePause = () => {
    if (!this.#stream.active || this.#state !== 'playing') return;
    if (performance.now() - this.#changedAt < OWN_CHANGE_MS) void this.#play();
    else this.#setState('paused');
  };

  readonly #handleDevices = () => void this.#checkDevice();

  async #checkDevice(): Promise<void> {
    const wanted = this.#deviceId;
    if (wanted === null) return;
    const present = await isOutputPresent(wanted);
    if (this.#closed || wanted !== this.#deviceId) return;
    if (present && !this.#isDeviceUsed) await this.setDevice(wanted);
    if (present || !this.#isDeviceUsed) return;
    this.#isDeviceUsed = false;
    this.#options.onDeviceLost();
    await this.#element.setSinkId('').catch(() => {});
  }

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
    // Else the next stream would start by itself.
    this.#element.autoplay = state !== 'paused';
    this.#options.onState(state);
  }
}

/** Absent in insecure contexts, whatever the type says. */
function mediaDevices(): MediaDevices | undefined {
  return navigator.mediaDevices;
}
