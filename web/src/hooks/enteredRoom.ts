const ENTERED_KEY = 'tribune.entered';

/**
 * Which room this tab is in: after a reload it goes back there without asking. Kept per tab, so that a link opened in
 * another one shows the lobby.
 */
export function enteredRoom(): string | null {
  try {
    return sessionStorage.getItem(ENTERED_KEY);
  } catch {
    return null;
  }
}

/** The next visit to this room in this tab skips the lobby; null: none does. */
export function enterDirectly(roomId: string | null): void {
  try {
    if (roomId === null) sessionStorage.removeItem(ENTERED_KEY);
    else sessionStorage.setItem(ENTERED_KEY, roomId);
  } catch {
    // Without storage the lobby asks again, which is all that is lost.
  }
}
