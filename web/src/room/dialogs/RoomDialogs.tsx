import { isStageRole, type Role } from '@tribune/shared/domain.ts';
import { can } from '@tribune/shared/permissions.ts';
import { useTranslation } from 'react-i18next';
import { useRole } from '../../hooks/roomFacts.ts';
import { useRoomClient } from '../../hooks/useRoomClient.ts';
import { useRoomCommands } from '../../hooks/useRoomCommands.ts';
import { useRun } from '../../hooks/useRun.ts';
import { lazyPart } from '../../ui/index.ts';

/** One at a time, and each fetched when it is first asked for. */
export type RoomDialog =
  | 'people'
  | 'microphone'
  | 'connection'
  | 'health'
  | 'settings'
  | 'shortcuts'
  | 'chapter'
  | 'leave'
  | 'leaveStage'
  | 'end';

const PeopleDialog = lazyPart(async () => (await import('../audience/PeopleDialog.tsx')).default);
const MicrophoneDialog = lazyPart(async () => (await import('./MicrophoneDialog.tsx')).default);
const ConnectionDialog = lazyPart(async () => (await import('./ConnectionDialog.tsx')).default);
const HealthDialog = lazyPart(async () => (await import('./HealthDialog.tsx')).default);
const ShortcutsDialog = lazyPart(async () => (await import('./ShortcutsDialog.tsx')).default);
const ChapterDialog = lazyPart(async () => (await import('./ChapterDialog.tsx')).default);
const LeaveDialog = lazyPart(async () => (await import('./LeaveDialog.tsx')).default);
const SettingsDialog = lazyPart(async () => (await import('../../settings/SettingsDialog.tsx')).default);
const ConfirmDialog = lazyPart(async () => (await import('../../ui/overlay/ConfirmDialog.tsx')).ConfirmDialog);

interface RoomDialogsProps {
  readonly dialog: RoomDialog | null;
  readonly onDialog: (dialog: RoomDialog | null) => void;
}

export function RoomDialogs({ dialog, onDialog }: RoomDialogsProps) {
  const client = useRoomClient();
  const role = useRole();
  const onClose = () => onDialog(null);
  const shown = isOpenTo(role, dialog) ? dialog : null;
  const content = () => {
    switch (shown) {
      case 'people':
        return <PeopleDialog onClose={onClose} />;
      case 'microphone':
        return <MicrophoneDialog onClose={onClose} />;
      case 'connection':
        return <ConnectionDialog onClose={onClose} />;
      case 'health':
        return <HealthDialog onClose={onClose} />;
      case 'settings':
        return (
          <SettingsDialog
            onClose={onClose}
            sound={{
              onVolume: (volume) => client.setVolume(volume),
              onOutput: (deviceId) => client.setOutput(deviceId),
            }}
          />
        );
      case 'shortcuts':
        return <ShortcutsDialog onClose={onClose} />;
      case 'chapter':
        return <ChapterDialog onClose={onClose} />;
      case 'leave':
        return <LeaveDialog onClose={onClose} />;
      case 'leaveStage':
      case 'end':
        return <ConfirmCommand command={shown} onClose={onClose} />;
      case null:
        return null;
    }
  };
  return content();
}

/** Whoever is moved off the stage, or loses a role, loses what was open for it. */
function isOpenTo(role: Role, dialog: RoomDialog | null): boolean {
  if (dialog === 'microphone') return isStageRole(role);
  if (dialog === 'health') return can(role, 'room:health');
  return dialog !== 'people' || can(role, 'audience:list');
}

function ConfirmCommand({
  command,
  onClose,
}: {
  readonly command: 'leaveStage' | 'end';
  readonly onClose: () => void;
}) {
  const { t } = useTranslation();
  const run = useRun();
  const work = useRoomCommands()[command];
  if (!work) return null;
  return (
    <ConfirmDialog
      title={t(`confirm.${command}Title`)}
      text={t(`confirm.${command}Text`)}
      confirm={command === 'end' ? t('confirm.end') : t('menu.leaveStage')}
      danger={command === 'end'}
      onCancel={onClose}
      onConfirm={() => {
        onClose();
        void run(work);
      }}
    />
  );
}
