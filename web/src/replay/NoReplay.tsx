import { SearchX, TriangleAlert } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import type { Problem } from '../i18n/problems.ts';
import { Button, EndingPage, EndingText } from '../ui/index.ts';

/** There is no recording under this link, or not for this person, or it could not be loaded. */
export function NoReplay({ problem, onRetry }: { readonly problem: Problem; readonly onRetry: () => void }) {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const isGone = problem === 'NOT_FOUND' || problem === 'NOT_ALLOWED';
  return (
    <EndingPage
      icon={isGone ? SearchX : TriangleAlert}
      title={isGone ? t('replay.noneTitle') : t(`problems.${problem}.title`)}
      buttons={
        <>
          {!isGone && (
            <Button variant="primary" size="lg" onClick={onRetry}>
              {t('action.retry')}
            </Button>
          )}
          <Button variant={isGone ? 'primary' : 'ghost'} size="lg" onClick={() => navigate('/')}>
            {t('action.home')}
          </Button>
        </>
      }
    >
      <EndingText>{isGone ? t('replay.noneText') : t(`problems.${problem}.next`)}</EndingText>
    </EndingPage>
  );
}
