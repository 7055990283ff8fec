import type { PlaybackState } from '../../state/types.ts';
import { isOutputPresent } from './outputDevices.ts';

/** An element whose last sound ends says that it pauses, perhaps after the next one has come. */
const OWN_CHANGE_MS = 1000;

export interface PlaybackElementOptions {
  readonly onState: (state: PlaybackState) => void;
  /** The device that was chosen is gone: from now on the system's own is heard. */
  readonly onDeviceLost: () => void;
}

/**
 * One hidden `<audio>` of the page. What pauses it from outside (pulled headphones, the lock screen, a phone call) is obeyed: it stays
 * paused until the person wants to listen again.
 */
export class PlaybackElement {
  readonly element: HTMLAudioElement;
  readonly #options: PlaybackElementOptions;
  #state: PlaybackState = 'idle';
  /** What the person chose, and how much of it is heard while one plane takes over from the other. */
  #volume = 1;
  #gain = 1;
  #closed = false;
  /** Null is the system's own. */
  #deviceId: string | null = null;
  #isDeviceUsed = false;
  #changedAt = Number.NEGATIVE_INFINITY;

  /** @param testId names the element for tests */
  constructor(testId: string, options: PlaybackElementOptions) {
    this.#options = options;
    const element = document.createElement('audio');
    element.autoplay = true;
    element.setAttribute('playsinline', '');
    element.dataset.testid = testId;
    element.hidden = true;
    element.addEventListener('playing', this.#handlePlaying);
    element.addEventListener('pause', this.#handlePause);
    mediaDevices()?.addEventListener('devicechange', this.#handleDevices);
    this.element = element;
  }

  /** Safari plays an element only when it is part of the page. */
  attach(): void {
    if (!this.#closed) document.body.append(this.element);
  }

  get state(): PlaybackState {
    return this.#state;
  }

  get volume(): number {
    return this.#volume * this.#gain;
  }

  protected get isClosed(): boolean {
    return this.#closed;
  }

  /** Plays, if the browser lets it; inside a click it does. */
  async start(): Promise<void> {
    await this.play();
  }

  /** As a media key does. */
  pause(): void {
    if (this.#state !== 'blocked') this.#setState('paused');
    this.element.pause();
  }

  /**
   * Plays on that device, if the browser can choose one and the device is there.
   * @param deviceId null is the system's own.
   */
  async setDevice(deviceId: string | null): Promise<void> {
    this.#deviceId = deviceId;
    this.#isDeviceUsed = false;
    if (typeof this.element.setSinkId !== 'function') return;
    try {
      await this.element.setSinkId(deviceId ?? '');
      this.#isDeviceUsed = deviceId !== null && deviceId === this.#deviceId;
    } catch {
      // Not plugged in today; `devicechange` tries again.
    }
  }

  setVolume(volume: number): void {
    this.#volume = Math.min(1, Math.max(0, volume));
    this.element.volume = this.volume;
  }

  /** @param gain 0 is silent, and plays on; 1 is all of it */
  setGain(gain: number): void {
    this.#gain = Math.min(1, Math.max(0, gain));
    // Some phones leave the volume to their buttons.
    this.element.muted = this.#gain === 0;
    this.element.volume = this.volume;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.element.removeEventListener('playing', this.#handlePlaying);
    this.element.removeEventListener('pause', this.#handlePause);
    mediaDevices()?.removeEventListener('devicechange', this.#handleDevices);
    this.element.srcObject = null;
    this.element.remove();
    this.#setState('idle');
  }

  /** What it plays changes by the page's own doing: a pause that follows is none. */
  noteChange(): void {
    this.#changedAt = performance.now();
  }

  protected get hasSound(): boolean {
    return this.element.currentSrc !== '';
  }

  /** Unless it is paused from outside. */
  resume(): void {
    if (this.#state !== 'paused') void this.play();
  }

  protected async play(): Promise<void> {
    if (this.#closed) return;
    const started = this.element.play().then(
      () => this.#setState('playing'),
      (error: unknown) => {
        // Other failures are of the moment (a new track interrupts the load), and the next track or `autoplay` mends them.
        if (error instanceof DOMException && error.name === 'NotAllowedError') this.#setState('blocked');
      },
    );
    // Without a sound `play()` stays pending; the permission of the click is taken all the same.
    if (this.hasSound) await started;
  }

  readonly #handlePlaying = () => this.#setState('playing');

  readonly #handlePause = () => {
    if (!this.hasSound || this.#state !== 'playing') return;
    if (performance.now() - this.#changedAt < OWN_CHANGE_MS) void this.play();
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
    await this.element.setSinkId('').catch(() => {});
  }

  #setState(state: PlaybackState): void {
    if (this.#state === state) return;
    this.#state = state;
    // Else the next stream would start by itself.
    this.element.autoplay = state !== 'paused';
    this.#options.onState(state);
  }
}

/** Absent in insecure contexts, whatever the type says. */
function mediaDevices(): MediaDevices | undefined {
  return navigator.mediaDevices;
}
