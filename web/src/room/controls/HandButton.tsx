import { Hand as HandIcon, Lock } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useIsRecording } from '../../hooks/roomFacts.ts';
import type { Hand } from '../../hooks/useHand.ts';
import { ControlButton } from './ControlButton.tsx';

export function HandButton({ hand }: { readonly hand: Hand }) {
  const { t } = useTranslation();
  const isRecording = useIsRecording();
  const { place, waits, locked, raise, lower } = hand;
  if (place !== null || waits) {
    return (
      <ControlButton
        tone="on"
        label={t('hand.lower')}
        note={place === null ? t('hand.waits') : t('hand.place', { place })}
        icon={<HandIcon size={24} />}
        aria-keyshortcuts="H"
        aria-disabled={lower === undefined}
        onClick={lower}
      />
    );
  }
  return (
    <ControlButton
      tone="main"
      label={t('hand.raise')}
      note={locked ? t('room.locked') : isRecording ? t('recording.handNote') : undefined}
      icon={locked ? <Lock size={22} /> : <HandIcon size={24} />}
      aria-keyshortcuts="H"
      aria-disabled={raise === undefined}
      onClick={raise}
    />
  );
}
