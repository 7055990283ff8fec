import { vi, type Mock } from 'vitest';

/** The browser's media, which jsdom does not have. */

class FakeTrack extends EventTarget {
  readonly kind = 'audio';
  readonly id = crypto.randomUUID();
  enabled = true;
  readyState: 'live' | 'ended' = 'live';

  stop(): void {
    this.readyState = 'ended';
  }

  clone(): FakeTrack {
    return new FakeTrack();
  }

  getSettings(): { deviceId: string } {
    return { deviceId: 'microphone-1' };
  }
}

class FakeStream {
  readonly #tracks: unknown[];

  constructor(tracks: readonly unknown[] = []) {
    this.#tracks = [...tracks];
  }

  get active(): boolean {
    return this.#tracks.length > 0;
  }

  getTracks(): unknown[] {
    return [...this.#tracks];
  }

  getAudioTracks(): unknown[] {
    return this.getTracks();
  }

  addTrack(track: unknown): void {
    this.#tracks.push(track);
  }

  removeTrack(track: unknown): void {
    const index = this.#tracks.indexOf(track);
    // A browser lets a track pass that is not there.
    if (index >= 0) this.#tracks.splice(index, 1);
  }
}

class FakeAudioContext {
  resume = () => Promise.resolve();
  close = () => Promise.resolve();
  createMediaStreamSource = () => ({ connect() {}, disconnect() {} });
}

export interface FakeBrowser {
  /** Every microphone that was captured. */
  readonly microphones: FakeTrack[];
  readonly getUserMedia: Mock<() => Promise<unknown>>;
  readonly play: Mock<() => Promise<void>>;
  /** Linear level of the microphone, 0 to 1. */
  level: number;
}

/** Puts the fakes in place until `vi.unstubAllGlobals()`. */
export function stubBrowser(): FakeBrowser {
  const microphones: FakeTrack[] = [];
  const browser: FakeBrowser = {
    microphones,
    level: 0,
    getUserMedia: vi.fn<() => Promise<unknown>>(() => {
      const track = new FakeTrack();
      microphones.push(track);
      return Promise.resolve(new FakeStream([track]));
    }),
    play: vi.fn<() => Promise<void>>(() => Promise.resolve()),
  };
  vi.stubGlobal('MediaStream', FakeStream);
  vi.stubGlobal('AudioContext', FakeAudioContext);
  vi.stubGlobal(
    'AnalyserNode',
    class {
      readonly fftSize = 4;
      getFloatTimeDomainData = (samples: Float32Array) => samples.fill(browser.level);
    },
  );
  vi.stubGlobal('isSecureContext', true);
  const mediaDevices = Object.assign(new EventTarget(), {
    getUserMedia: browser.getUserMedia,
    enumerateDevices: () => Promise.resolve([{ kind: 'audioinput', deviceId: 'microphone-1', label: 'Microphone' }]),
  });
  Object.defineProperty(navigator, 'mediaDevices', { value: mediaDevices, configurable: true });
  // jsdom plays nothing.
  Object.defineProperty(HTMLMediaElement.prototype, 'play', { value: browser.play, configurable: true });
  Object.defineProperty(HTMLMediaElement.prototype, 'srcObject', { value: null, writable: true, configurable: true });
  return browser;
}
