import { useTranslation } from 'react-i18next';
import { useRoomClient } from '../../hooks/useRoomClient.ts';
import { useRoomCommands } from '../../hooks/useRoomCommands.ts';
import { useRun } from '../../hooks/useRun.ts';
import { Button } from '../../ui/index.ts';
import { ConfirmDialog } from '../../ui/overlay/index.ts';

/** For those who could also end the room: leaving it and ending it are two things. */
export default function LeaveDialog({ onClose }: { readonly onClose: () => void }) {
  const { t } = useTranslation();
  const client = useRoomClient();
  const run = useRun();
  const { end } = useRoomCommands();
  const handleEnd = () => {
    onClose();
    if (end) void run(end);
  };
  return (
    <ConfirmDialog
      title={t('confirm.leaveTitle')}
      text={t('confirm.leaveText')}
      confirm={t('confirm.leave')}
      other={
        end && (
          <Button variant="danger" onClick={handleEnd}>
            {t('confirm.end')}
          </Button>
        )
      }
      onCancel={onClose}
      onConfirm={() => client.leave()}
    />
  );
}
