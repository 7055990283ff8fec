import type { RoomSound } from '@tribune/shared/domain.ts';
import { isRecord, readStored, writeStored } from '../storage.ts';
import { PSEUDO_DEVICES } from '../media/outputDevices.ts';
import type { MicrophoneOptions } from '../../state/types.ts';

const OPTIONS_KEY = 'tribune.microphone';

const DEFAULT_OPTIONS: MicrophoneOptions = {
  deviceId: null,
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
};

/** The choices of the last visit, over the defaults. */
export function loadMicrophoneOptions(): MicrophoneOptions {
  const stored = readStored(OPTIONS_KEY);
  if (!isRecord(stored)) return DEFAULT_OPTIONS;
  const flag = (name: 'echoCancellation' | 'noiseSuppression' | 'autoGainControl') =>
    typeof stored[name] === 'boolean' ? stored[name] : DEFAULT_OPTIONS[name];
  return {
    deviceId: typeof stored.deviceId === 'string' ? stored.deviceId : null,
    echoCancellation: flag('echoCancellation'),
    noiseSuppression: flag('noiseSuppression'),
    autoGainControl: flag('autoGainControl'),
  };
}

export function saveMicrophoneOptions(options: MicrophoneOptions): void {
  writeStored(OPTIONS_KEY, options);
}

/** What the browser is asked to do to the voice: nothing to music, of which it would take most for noise. */
export function processingFor(sound: RoomSound, options: MicrophoneOptions): MediaTrackConstraints {
  const { echoCancellation, noiseSuppression, autoGainControl } = options;
  if (sound === 'music') return { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  return { echoCancellation, noiseSuppression, autoGainControl };
}

/** Input devices. Never prompts; until the microphone was allowed the browser tells no id and no label, and the list is empty. */
export async function listMicrophones(): Promise<readonly { readonly deviceId: string; readonly label: string }[]> {
  // Absent in insecure contexts, whatever the type says.
  const mediaDevices = navigator.mediaDevices as MediaDevices | undefined;
  const devices = (await mediaDevices?.enumerateDevices()) ?? [];
  return devices
    .filter(({ kind, deviceId }) => kind === 'audioinput' && deviceId !== '' && !PSEUDO_DEVICES.includes(deviceId))
    .map(({ deviceId, label }) => ({ deviceId, label }));
}
