import type { RoomSound } from '@tribune/shared/domain.ts';
import { processingFor } from './devices.ts';
import { LevelMeter } from './LevelMeter.ts';
import { MicrophoneError } from './microphoneProblem.ts';
import type { MicrophoneOptions } from '../../state/types.ts';

interface CaptureCallbacks {
  readonly onLevel: (level: number) => void;
  /** The device is gone: unplugged, or taken by the system. */
  readonly onEnded: () => void;
  /** The system lets nothing through any more, or does so again: a phone call, a mute key. */
  readonly onSilenced: (silenced: boolean) => void;
}

/**
 * One captured microphone. `track` is what may be sent, and is disabled while muted; the meter listens to a clone that stays
 * enabled, so that one can see the level and be told that one speaks while muted.
 */
export class Capture {
  readonly track: MediaStreamTrack;
  readonly #clone: MediaStreamTrack;
  /** Null where the browser cannot measure: the voice is worth more than its meter. */
  readonly #meter: LevelMeter | null;
  readonly #callbacks: CaptureCallbacks;
  #closed = false;

  private constructor(track: MediaStreamTrack, callbacks: CaptureCallbacks) {
    this.track = track;
    this.#callbacks = callbacks;
    this.#clone = track.clone();
    this.#meter = createMeter(this.#clone, callbacks.onLevel);
    track.addEventListener('ended', this.#handleEnded);
    track.addEventListener('mute', this.#handleMute);
    track.addEventListener('unmute', this.#handleUnmute);
    navigator.mediaDevices.addEventListener('devicechange', this.#handleDeviceChange);
  }

  /** Asks the browser for the microphone. @throws {MicrophoneError | DOMException} */
  static async open(options: MicrophoneOptions, sound: RoomSound, callbacks: CaptureCallbacks): Promise<Capture> {
    // Absent in insecure contexts, whatever the type says.
    const mediaDevices = navigator.mediaDevices as MediaDevices | undefined;
    if (!isSecureContext || !mediaDevices) throw new MicrophoneError('insecure');
    const stream = await getStream(mediaDevices, options, sound);
    const [track] = stream.getAudioTracks();
    if (!track) throw new MicrophoneError('missing');
    return new Capture(track, callbacks);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.track.removeEventListener('ended', this.#handleEnded);
    this.track.removeEventListener('mute', this.#handleMute);
    this.track.removeEventListener('unmute', this.#handleUnmute);
    navigator.mediaDevices.removeEventListener('devicechange', this.#handleDeviceChange);
    this.#meter?.close();
    this.#clone.stop();
    this.track.stop();
  }

  readonly #handleEnded = () => {
    if (!this.#closed) this.#callbacks.onEnded();
  };

  readonly #handleMute = () => this.#callbacks.onSilenced(true);
  readonly #handleUnmute = () => this.#callbacks.onSilenced(false);

  /** Not every browser ends the track of a device that was pulled out. */
  readonly #handleDeviceChange = () => {
    const { deviceId } = this.track.getSettings();
    if (!deviceId) return;
    void navigator.mediaDevices.enumerateDevices().then((devices) => {
      const inputs = devices.filter((device) => device.kind === 'audioinput' && device.deviceId !== '');
      // A list without ids is that of a browser which hides them, and proves nothing.
      const hidden = devices.length > 0 && inputs.length === 0 && devices.some((device) => device.deviceId === '');
      if (!hidden && !inputs.some((device) => device.deviceId === deviceId)) this.#handleEnded();
    });
  };
}

function createMeter(track: MediaStreamTrack, onLevel: (level: number) => void): LevelMeter | null {
  try {
    return new LevelMeter(track, onLevel);
  } catch {
    return null;
  }
}

async function getStream(
  mediaDevices: MediaDevices,
  options: MicrophoneOptions,
  sound: RoomSound,
): Promise<MediaStream> {
  const { deviceId } = options;
  const constraints = { ...processingFor(sound, options), channelCount: 1 };
  if (deviceId === null) return mediaDevices.getUserMedia({ audio: constraints });
  try {
    return await mediaDevices.getUserMedia({ audio: { ...constraints, deviceId: { exact: deviceId } } });
  } catch (error) {
    // The device of the last visit is not there today: any other will do.
    const gone = error instanceof DOMException && ['OverconstrainedError', 'NotFoundError'].includes(error.name);
    if (!gone) throw error;
    return mediaDevices.getUserMedia({ audio: constraints });
  }
}
