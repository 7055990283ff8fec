import { MicOff } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import styles from './MutedTalkHint.module.css';

/** One speaks, and nobody hears it. */
export function MutedTalkHint() {
  const { t } = useTranslation();
  return (
    <p className={styles.hint} role="alert" aria-live="assertive">
      <MicOff size={18} aria-hidden="true" />
      {t('mic.mutedTalk')}
    </p>
  );
}
