import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { changeLanguage } from '../i18n/i18n.ts';
import { isLanguage, LANGUAGE_NAMES, LANGUAGES } from '../i18n/languages.ts';
import { Choice, Dialog, SwitchField } from '../ui/overlay/index.ts';
import { OutputField } from './OutputField.tsx';
import { areShortcutsOn, saveShortcutsOn } from './shortcuts.ts';
import { setTheme, THEMES, useTheme } from './theme.ts';
import { VolumeField } from './VolumeField.tsx';

interface SettingsDialogProps {
  readonly onClose: () => void;
  /** Where there is something to hear. */
  readonly sound?: {
    readonly onVolume: (volume: number) => void;
    readonly onOutput: (deviceId: string | null) => void;
  };
}

export default function SettingsDialog({ onClose, sound }: SettingsDialogProps) {
  const { t, i18n } = useTranslation();
  const theme = useTheme();
  const [shortcuts, setShortcuts] = useState(areShortcutsOn);
  return (
    <Dialog title={t('settings.title')} onClose={onClose}>
      {sound && (
        <>
          <VolumeField onChange={sound.onVolume} />
          <OutputField onChange={sound.onOutput} />
        </>
      )}
      <Choice
        label={t('settings.theme')}
        value={theme}
        options={THEMES.map((value) => ({ value, label: t(`settings.${value}`) }))}
        onChange={setTheme}
      />
      <Choice
        label={t('app.language')}
        value={isLanguage(i18n.language) ? i18n.language : 'en'}
        options={LANGUAGES.map((value) => ({ value, label: LANGUAGE_NAMES[value], lang: value }))}
        onChange={(language) => void changeLanguage(language)}
      />
      <SwitchField
        label={t('shortcuts.title')}
        hint={t('shortcuts.hint')}
        checked={shortcuts}
        onChange={(on) => {
          saveShortcutsOn(on);
          setShortcuts(on);
        }}
      />
    </Dialog>
  );
}
