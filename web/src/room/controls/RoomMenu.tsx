import {
  Activity,
  ArrowDownToLine,
  Bookmark,
  CircleStop,
  Disc,
  Keyboard,
  Lock,
  LockOpen,
  Mic,
  MicOff,
  Music,
  Settings2,
  Share2,
  Signal,
  Speech,
} from 'lucide-react';
import { isStageRole } from '@tribune/shared/domain.ts';
import { can } from '@tribune/shared/permissions.ts';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Command } from '../../hooks/memberCommands.ts';
import { useIsRecording, useRole } from '../../hooks/roomFacts.ts';
import { useRoomCommands } from '../../hooks/useRoomCommands.ts';
import { useRun } from '../../hooks/useRun.ts';
import { Menu } from '../../ui/overlay/index.ts';
import type { RoomDialog } from '../dialogs/RoomDialogs.tsx';
import { useShare } from './useShare.ts';

const ICON = { size: 19, 'aria-hidden': true } as const;

interface RoomMenuProps {
  readonly trigger: ReactNode;
  readonly onDialog: (dialog: RoomDialog) => void;
}

/** What is not needed at every moment: first what concerns the room, then oneself, then what ends something. */
export default function RoomMenu({ trigger, onDialog }: RoomMenuProps) {
  const { t } = useTranslation();
  const run = useRun();
  const commands = useRoomCommands();
  const role = useRole();
  const onStage = isStageRole(role);
  const isRecording = useIsRecording();
  const seesHealth = can(role, 'room:health');
  const { label, share } = useShare();
  const at = (command: Command) => command && (() => void run(command));
  const open = (dialog: RoomDialog) => () => onDialog(dialog);
  return (
    <Menu
      label={t('room.menu')}
      trigger={trigger}
      align="end"
      defaultOpen
      groups={[
        [
          { label, icon: <Share2 {...ICON} />, run: share },
          { label: t('health.title'), icon: <Activity {...ICON} />, run: seesHealth ? open('health') : undefined },
          { label: t('menu.muteOthers'), icon: <MicOff {...ICON} />, run: at(commands.muteOthers) },
          { label: t('menu.forMusic'), icon: <Music {...ICON} />, run: at(commands.forMusic) },
          { label: t('menu.forSpeech'), icon: <Speech {...ICON} />, run: at(commands.forSpeech) },
          { label: t('menu.lock'), icon: <Lock {...ICON} />, run: at(commands.lock) },
          { label: t('menu.unlock'), icon: <LockOpen {...ICON} />, run: at(commands.unlock) },
          { label: t('recording.start'), icon: <Disc {...ICON} />, run: at(commands.record) },
          { label: t('recording.stop'), icon: <CircleStop {...ICON} />, run: at(commands.stopRecording) },
          {
            label: t('recording.chapter'),
            icon: <Bookmark {...ICON} />,
            run: isRecording && commands.end ? open('chapter') : undefined,
          },
        ],
        [
          { label: t('mic.settings'), icon: <Mic {...ICON} />, run: onStage ? open('microphone') : undefined },
          { label: t('menu.settings'), icon: <Settings2 {...ICON} />, run: open('settings') },
          { label: t('menu.connection'), icon: <Signal {...ICON} />, run: open('connection') },
          { label: t('menu.shortcuts'), icon: <Keyboard {...ICON} />, run: open('shortcuts') },
        ],
        [
          {
            label: t('menu.leaveStage'),
            icon: <ArrowDownToLine {...ICON} />,
            run: commands.leaveStage && open('leaveStage'),
          },
          { label: t('menu.end'), icon: <CircleStop {...ICON} />, run: commands.end && open('end'), danger: true },
        ],
      ]}
    />
  );
}
