import { Ellipsis } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { IconButton, lazyPart } from '../../ui/index.ts';
import type { RoomDialog } from '../dialogs/RoomDialogs.tsx';

const RoomMenu = lazyPart(async () => (await import('./RoomMenu.tsx')).default);

/** The button of the menu; the menu itself is fetched by the first click, and opens with it. */
export function RoomMenuButton({ onDialog }: { readonly onDialog: (dialog: RoomDialog) => void }) {
  const { t } = useTranslation();
  const [wanted, setWanted] = useState(false);
  const button = <IconButton label={t('room.menu')} icon={<Ellipsis size={24} />} />;
  if (!wanted) {
    return (
      <IconButton
        label={t('room.menu')}
        icon={<Ellipsis size={24} />}
        aria-haspopup="menu"
        aria-expanded={false}
        onClick={() => setWanted(true)}
      />
    );
  }
  return <RoomMenu fallback={button} trigger={button} onDialog={onDialog} />;
}
