import { readStored, writeStored } from '../client/storage.ts';

const VOLUME_KEY = 'tribune.volume';

/** 0 to 1, as on the last visit. */
export function loadVolume(): number {
  const stored = readStored(VOLUME_KEY);
  return typeof stored === 'number' && stored >= 0 && stored <= 1 ? stored : 1;
}

export function saveVolume(volume: number): void {
  writeStored(VOLUME_KEY, volume);
}
