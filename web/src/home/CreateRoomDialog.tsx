import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import { useApi } from '../hooks/useApi.ts';
import { useRun } from '../hooks/useRun.ts';
import { enterDirectly } from '../hooks/enteredRoom.ts';
import { useSession } from '../hooks/useSession.ts';
import { Dialog } from '../ui/overlay/index.ts';
import { CreateRoomForm, type NewRoom } from './CreateRoomForm.tsx';

/** Asks for what a room needs, makes it, and goes inside. */
export default function CreateRoomDialog({ onClose }: { readonly onClose: () => void }) {
  const { t, i18n } = useTranslation();
  const api = useApi();
  const run = useRun();
  const session = useSession();
  const [, navigate] = useLocation();
  const handleSubmit = async ({ name, ...settings }: NewRoom) => {
    await run(async () => {
      const room = await session.as(name, () => api.createRoom(settings));
      enterDirectly(room.id);
      navigate(`/r/${room.id}`);
    });
  };
  return (
    <Dialog title={t('create.title')} description={t('create.lead')} onClose={onClose}>
      <CreateRoomForm
        initialName={session.name}
        initialLanguage={i18n.language === 'fr' ? 'fr' : 'en'}
        onSubmit={handleSubmit}
      />
    </Dialog>
  );
}
