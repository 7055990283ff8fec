import { useEffect, useRef } from 'react';
import { isOn, latinKeyOf, TYPING } from '../hooks/keyboard.ts';
import { areShortcutsOn } from '../settings/shortcuts.ts';

/** What a key does, by its character in lower case; `' '` is Space. */
export type PlayerKeys = Readonly<Record<string, () => void>>;

const ELSEWHERE = `${TYPING}, [role="dialog"], [role="alertdialog"]`;
const USES_SPACE = `${ELSEWHERE}, button, a, [role="radio"], [role="switch"]`;

/** Single keys for the player, where they are not turned off. A key that the focused control uses itself is left to it. */
export function usePlayerKeys(keys: PlayerKeys): void {
  const latest = useRef(keys);
  useEffect(() => {
    latest.current = keys;
  });
  useEffect(() => {
    const handleKeyDown = (event: KeyboardEvent) => {
      if (!areShortcutsOn() || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      const key = latinKeyOf(event);
      if (isOn(event, key === ' ' ? USES_SPACE : ELSEWHERE)) return;
      const act = latest.current[key];
      if (!act) return;
      event.preventDefault();
      // A key that is held does what it does once.
      if (!event.repeat) act();
    };
    document.addEventListener('keydown', handleKeyDown);
    return () => document.removeEventListener('keydown', handleKeyDown);
  }, []);
}
