import { readStored, writeStored } from '../client/storage.ts';

const SHORTCUTS_KEY = 'tribune.shortcuts';

/** Do single keys act on the room? On, unless they were turned off. */
export function areShortcutsOn(): boolean {
  return readStored(SHORTCUTS_KEY) !== false;
}

export function saveShortcutsOn(on: boolean): void {
  writeStored(SHORTCUTS_KEY, on);
}
