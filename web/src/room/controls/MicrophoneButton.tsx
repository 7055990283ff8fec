import { LoaderCircle, Mic, MicOff } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { Microphone } from '../../hooks/useMicrophone.ts';
import { ControlButton } from './ControlButton.tsx';

interface MicrophoneButtonProps {
  readonly microphone: Microphone;
  /** Opens the check, which is how a microphone is turned on. */
  readonly onCheck: () => void;
}

/** Its name says what a press does, so it carries no pressed state besides. */
export function MicrophoneButton({ microphone: { status, setMuted }, onCheck }: MicrophoneButtonProps) {
  const { t } = useTranslation();
  switch (status) {
    case 'open':
      return (
        <ControlButton
          tone="on"
          label={t('mic.mute')}
          icon={<Mic size={24} />}
          aria-keyshortcuts="M"
          onClick={() => setMuted?.(true)}
        />
      );
    case 'muted':
      return (
        <ControlButton
          tone="main"
          label={t('mic.unmute')}
          icon={<MicOff size={24} />}
          aria-keyshortcuts="M"
          onClick={() => setMuted?.(false)}
        />
      );
    case 'starting':
      return (
        <ControlButton tone="main" label={t('mic.starting')} icon={<LoaderCircle size={24} />} onClick={onCheck} />
      );
    default:
      return <ControlButton tone="main" label={t('mic.turnOn')} icon={<MicOff size={24} />} onClick={onCheck} />;
  }
}
