import type { Phase } from '@tribune/shared/domain.ts';
import { useTranslation } from 'react-i18next';
import { cx } from './cx.ts';
import styles from './PhaseBadge.module.css';

export function PhaseBadge({ phase }: { readonly phase: Phase }) {
  const { t } = useTranslation();
  return (
    <span className={cx(styles.badge, styles[phase])}>
      {phase !== 'ended' && <span className={styles.dot} aria-hidden="true" />}
      {t(`room.${phase}`)}
    </span>
  );
}
