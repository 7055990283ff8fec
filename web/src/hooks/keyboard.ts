/** Controls that take single keys for themselves. */
export const TYPING =
  'input:not([type="range"]):not([type="checkbox"]), textarea, select, [contenteditable="true"], [role="menu"], [role="menu"] *';

/** The character, or what the key types on a Latin keyboard where its layout has another alphabet. */
export function latinKeyOf({ key, code, shiftKey }: KeyboardEvent): string {
  const isOfOtherAlphabet = key.length === 1 && key > '\u007F';
  if (!isOfOtherAlphabet) return key.toLowerCase();
  if (code === 'Slash' && shiftKey) return '?';
  return code.replace(/^Key/, '').toLowerCase();
}

/** Is the key pressed in something that this selector finds? */
export function isOn({ target }: KeyboardEvent, selector: string): boolean {
  return target instanceof Element && target.closest(selector) !== null;
}
