import { useTranslation } from 'react-i18next';
import { useIsRecording, usePhase } from '../hooks/roomFacts.ts';
import { VisuallyHidden } from '../ui/index.ts';
import styles from './RecordingBadge.module.css';

/** Says to everyone, all the time, that what is said is kept. */
export function RecordingBadge() {
  const { t } = useTranslation();
  const isRecording = useIsRecording();
  const phase = usePhase();
  if (!isRecording) return null;
  const meaning = phase === 'backstage' ? t('recording.armed') : t('recording.on');
  return (
    <span className={styles.badge} title={meaning}>
      <span className={styles.dot} aria-hidden="true" />
      <span aria-hidden="true">{t('recording.badge')}</span>
      <VisuallyHidden>{meaning}</VisuallyHidden>
    </span>
  );
}
