import { useEffect, useRef } from 'react';
import { isOn, latinKeyOf, TYPING } from './keyboard.ts';

export interface Shortcuts {
  /** Asked with each key: they can be turned off, for those who speak to their computer or type into the wrong window. */
  readonly areOn: () => boolean;
  /** Undefined while there is no microphone to mute. */
  readonly setMuted: ((muted: boolean) => void) | undefined;
  readonly muted: boolean;
  readonly toggleHand: (() => void) | undefined;
  readonly showHelp: () => void;
}

const USES_SPACE = `${TYPING}, button, a, summary, input, [role="button"], [role="switch"], [role="radio"], [role="tab"], [role="dialog"], [role="alertdialog"]`;

/**
 * `M` mutes and unmutes, `H` raises and lowers the hand, `?` shows help, and holding Space talks while muted. A key that the
 * focused control uses itself is left to it.
 */
export function useShortcuts(shortcuts: Shortcuts): void {
  const latest = useRef(shortcuts);
  useEffect(() => {
    latest.current = shortcuts;
  });
  useEffect(() => {
    let talking = false;
    const stopTalking = () => {
      if (!talking) return;
      talking = false;
      latest.current.setMuted?.(true);
    };
    const handleKeyDown = (event: KeyboardEvent) => {
      const { areOn, setMuted, muted, toggleHand, showHelp } = latest.current;
      if (!areOn() || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.code === 'Space') {
        if (isOn(event, USES_SPACE)) return;
        event.preventDefault();
        if (event.repeat || !muted || !setMuted) return;
        talking = true;
        return setMuted(false);
      }
      if (event.repeat || isOn(event, TYPING)) return;
      const key = latinKeyOf(event);
      if (key === 'm') setMuted?.(!muted);
      else if (key === 'h') toggleHand?.();
      else if (key === '?') showHelp();
    };
    const handleKeyUp = (event: KeyboardEvent) => {
      if (event.code === 'Space') stopTalking();
    };
    document.addEventListener('keydown', handleKeyDown);
    document.addEventListener('keyup', handleKeyUp);
    window.addEventListener('blur', stopTalking);
    return () => {
      stopTalking();
      document.removeEventListener('keydown', handleKeyDown);
      document.removeEventListener('keyup', handleKeyUp);
      window.removeEventListener('blur', stopTalking);
    };
  }, []);
}
