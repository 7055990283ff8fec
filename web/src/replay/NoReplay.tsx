import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import type { Problem } from '../i18n/problems.ts';
import { Button, PageHeader } from '../ui/index.ts';
import styles from './ReplayPage.module.css';

/** There is no recording under this link, or not for this person, or it could not be loaded. */
export function NoReplay({ problem, onRetry }: { readonly problem: Problem; readonly onRetry: () => void }) {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const isGone = problem === 'NOT_FOUND' || problem === 'NOT_ALLOWED';
  return (
    <div className={styles.page}>
      <PageHeader />
      <main className={styles.main}>
        <article className={styles.card}>
          <h1 className={styles.title}>{isGone ? t('replay.noneTitle') : t(`problems.${problem}.title`)}</h1>
          <p className={styles.soft}>{isGone ? t('replay.noneText') : t(`problems.${problem}.next`)}</p>
          <p className={styles.row}>
            {!isGone && (
              <Button variant="primary" onClick={onRetry}>
                {t('action.retry')}
              </Button>
            )}
            <Button variant="ghost" onClick={() => navigate('/')}>
              {t('action.home')}
            </Button>
          </p>
        </article>
      </main>
    </div>
  );
}
