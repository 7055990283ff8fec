import { useEffect, useRef } from 'react';

/** What a key does, by its character in lower case; `' '` is Space. */
export type PlayerKeys = Readonly<Record<string, () => void>>;

const TYPING =
  'input:not([type="range"]), textarea, select, [contenteditable="true"], [role="menu"], [role="alertdialog"]';
const USES_SPACE = `${TYPING}, button, a, [role="radio"]`;

/** Single keys for the player. A key that the focused control uses itself is left to it. */
export function usePlayerKeys(keys: PlayerKeys): void {
  const latest = useRef(keys);
  useEffect(() => {
    latest.current = keys;
  });
  useEffect(() => {
    const handleKeyDown = (event: KeyboardEvent) => {
      const { target, key } = event;
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (target instanceof Element && target.closest(key === ' ' ? USES_SPACE : TYPING)) return;
      const act = latest.current[key.toLowerCase()];
      if (!act) return;
      event.preventDefault();
      act();
    };
    document.addEventListener('keydown', handleKeyDown);
    return () => document.removeEventListener('keydown', handleKeyDown);
  }, []);
}
