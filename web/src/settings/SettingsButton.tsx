import { Settings2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { IconButton, lazyPart } from '../ui/index.ts';

const SettingsDialog = lazyPart(async () => (await import('./SettingsDialog.tsx')).default);

export function SettingsButton() {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  return (
    <>
      <IconButton
        label={t('app.settings')}
        icon={<Settings2 size={22} />}
        aria-haspopup="dialog"
        onClick={() => setOpen(true)}
      />
      {open && <SettingsDialog onClose={() => setOpen(false)} />}
    </>
  );
}
