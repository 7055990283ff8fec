import { useTranslation } from 'react-i18next';
import { useIsRecording, useSelf } from '../../hooks/roomFacts.ts';
import { useRoomClient } from '../../hooks/useRoomClient.ts';
import { useRun } from '../../hooks/useRun.ts';
import { lazyPart } from '../../ui/index.ts';

const ConfirmDialog = lazyPart(async () => (await import('../../ui/overlay/ConfirmDialog.tsx')).ConfirmDialog);

/** Asks whether one wants to speak, for as long as the invitation stands. */
export function Invitation() {
  const { t } = useTranslation();
  const { request } = useRoomClient();
  const run = useRun();
  const isRecording = useIsRecording();
  const { invitedBy, role } = useSelf();
  if (invitedBy === null || role !== 'listener') return null;
  return (
    <ConfirmDialog
      eager
      title={t('invite.title', { name: invitedBy })}
      text={isRecording ? `${t('recording.invite')} ${t('invite.text')}` : t('invite.text')}
      confirm={t('invite.accept')}
      cancel={t('invite.decline')}
      onConfirm={() => void run(() => request('stage:accept'))}
      onCancel={() => void run(() => request('stage:decline'))}
    />
  );
}
