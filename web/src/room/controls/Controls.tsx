import { can } from '@tribune/shared/permissions.ts';
import { LogOut, UsersRound } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { usePhase, useRole } from '../../hooks/roomFacts.ts';
import { useHand } from '../../hooks/useHand.ts';
import { useMicrophone } from '../../hooks/useMicrophone.ts';
import { useRoomClient } from '../../hooks/useRoomClient.ts';
import { useRoomCommands } from '../../hooks/useRoomCommands.ts';
import { useShortcuts } from '../../hooks/useShortcuts.ts';
import { areShortcutsOn } from '../../settings/shortcuts.ts';
import { ControlButton } from './ControlButton.tsx';
import styles from './Controls.module.css';
import { HandButton } from './HandButton.tsx';
import { MicrophoneButton } from './MicrophoneButton.tsx';
import { MutedTalkHint } from './MutedTalkHint.tsx';
import { ReactionButton } from './ReactionButton.tsx';
import type { RoomDialog } from '../dialogs/RoomDialogs.tsx';

/** What one does all the time, in reach of a thumb; and the keys for it. */
export function Controls({ onDialog }: { readonly onDialog: (dialog: RoomDialog) => void }) {
  const { t } = useTranslation();
  const client = useRoomClient();
  const role = useRole();
  const phase = usePhase();
  const { end } = useRoomCommands();
  const microphone = useMicrophone();
  const hand = useHand();
  const muted = microphone.status === 'muted';
  useShortcuts({
    areOn: areShortcutsOn,
    setMuted: microphone.setMuted,
    muted,
    toggleHand: hand.raise ?? hand.lower,
    showHelp: () => onDialog('shortcuts'),
  });
  return (
    <section className={styles.dock} aria-label={t('room.controls')}>
      {microphone.speakingWhileMuted && <MutedTalkHint />}
      <div className={styles.bar}>
        <ControlButton
          label={t('leave.button')}
          icon={<LogOut size={22} />}
          tone="danger"
          onClick={() => (end ? onDialog('leave') : client.leave())}
        />
        {microphone.status === 'absent' ? (
          <HandButton hand={hand} />
        ) : (
          <MicrophoneButton microphone={microphone} onCheck={() => onDialog('microphone')} />
        )}
        {phase === 'live' && <ReactionButton />}
        {can(role, 'audience:list') && (
          <ControlButton
            label={t('people.open')}
            icon={<UsersRound size={22} />}
            aria-haspopup="dialog"
            onClick={() => onDialog('people')}
          />
        )}
      </div>
    </section>
  );
}
