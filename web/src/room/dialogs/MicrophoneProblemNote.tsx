import { useTranslation } from 'react-i18next';
import type { MicrophoneProblem } from '../../state/types.ts';
import { microphoneProblem } from '../../i18n/problems.ts';
import { Button } from '../../ui/index.ts';
import styles from './MicrophoneDialog.module.css';

interface MicrophoneProblemNoteProps {
  readonly problem: MicrophoneProblem;
  readonly onRetry: () => void;
}

export function MicrophoneProblemNote({ problem, onRetry }: MicrophoneProblemNoteProps) {
  const { t } = useTranslation();
  const key = microphoneProblem(problem);
  return (
    <div className={styles.problem} role="alert">
      <h3>{t(`problems.${key}.title`)}</h3>
      <p>{t(`problems.${key}.next`)}</p>
      <Button size="sm" variant="ghost" onClick={onRetry}>
        {t('action.retry')}
      </Button>
    </div>
  );
}
