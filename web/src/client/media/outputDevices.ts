import { readStored, writeStored } from '../storage.ts';

const OUTPUT_KEY = 'tribune.output';
/** Chromium's names for whatever the system says; that is what no choice means here. */
export const PSEUDO_DEVICES: readonly string[] = ['default', 'communications'];

export interface OutputDevice {
  readonly deviceId: string;
  readonly label: string;
}

/** What Firefox has and the types do not know: a list of its own, which needs no permission for a microphone. */
type WithOutputPrompt = MediaDevices & { readonly selectAudioOutput?: () => Promise<OutputDevice> };

/** The device of the last visit; null is the system's own. */
export function loadOutput(): string | null {
  const stored = readStored(OUTPUT_KEY);
  return typeof stored === 'string' && stored !== '' ? stored : null;
}

export function saveOutput(deviceId: string | null): void {
  writeStored(OUTPUT_KEY, deviceId);
}

/** Devices to hear through, as far as the browser tells: it names them once it has given a microphone, or after its own list. */
export async function listOutputs(): Promise<readonly OutputDevice[]> {
  if (!canChooseOutput()) return [];
  const devices = (await mediaDevices()?.enumerateDevices()) ?? [];
  return devices
    .filter(({ kind, deviceId }) => kind === 'audiooutput' && deviceId !== '' && !PSEUDO_DEVICES.includes(deviceId))
    .map(({ deviceId, label }) => ({ deviceId, label }));
}

export async function isOutputPresent(deviceId: string): Promise<boolean> {
  const outputs = await listOutputs().catch(() => []);
  return outputs.some((output) => output.deviceId === deviceId);
}

/** Undefined where the browser has no list of its own. Resolves with null when the person closes it. */
export function outputPrompt(): (() => Promise<OutputDevice | null>) | undefined {
  const devices = mediaDevices();
  if (!canChooseOutput() || typeof devices?.selectAudioOutput !== 'function') return undefined;
  return async () => devices.selectAudioOutput?.().catch(() => null) ?? null;
}

function canChooseOutput(): boolean {
  return 'setSinkId' in HTMLMediaElement.prototype;
}

/** Absent in insecure contexts, whatever the type says. */
function mediaDevices(): WithOutputPrompt | undefined {
  return navigator.mediaDevices;
}
