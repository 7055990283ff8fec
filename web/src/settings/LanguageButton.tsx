import { Languages } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { changeLanguage } from '../i18n/i18n.ts';
import { Button } from '../ui/index.ts';

/** Two languages need no menu: the button names the other one, in its own words. */
export function LanguageButton() {
  const { t, i18n } = useTranslation();
  const other = i18n.language === 'fr' ? 'en' : 'fr';
  return (
    <Button
      size="sm"
      variant="ghost"
      lang={other}
      icon={<Languages size={17} aria-hidden="true" />}
      onClick={() => void changeLanguage(other)}
    >
      {t('app.switchLanguage')}
    </Button>
  );
}
