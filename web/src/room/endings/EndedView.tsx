import type { RoomInfo } from '@tribune/shared/domain.ts';
import { Play } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import { useFormat } from '../../i18n/useFormat.ts';
import { Avatar, Button, EndingPage, EndingText } from '../../ui/index.ts';
import styles from './EndedView.module.css';

/** The room's link after the end: what it was, and where to go now. */
export function EndedView({ room }: { readonly room: RoomInfo }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [, navigate] = useLocation();
  const { id, isRecorded, title, host, language, startedAt, endedAt } = room;
  const lastedMs = startedAt !== null && endedAt !== null ? endedAt - startedAt : null;
  return (
    <EndingPage
      title={t('ended.title')}
      buttons={
        <>
          {isRecorded && (
            <Button
              variant="primary"
              size="lg"
              icon={<Play size={20} aria-hidden="true" />}
              onClick={() => navigate(`/r/${id}/replay`)}
            >
              {t('recording.listenAgain')}
            </Button>
          )}
          <Button variant={isRecorded ? 'ghost' : 'primary'} size="lg" onClick={() => navigate('/')}>
            {t('ended.another')}
          </Button>
        </>
      }
    >
      <article className={styles.card}>
        <h2 className={styles.title} lang={language} dir="auto">
          {title}
        </h2>
        <p className={styles.host}>
          <Avatar userId={host.userId} name={host.name} />
          {t('ended.hostedBy', { name: host.name })}
        </p>
        {lastedMs !== null && <p className={styles.lasted}>{t('ended.lasted', { time: format.duration(lastedMs) })}</p>}
      </article>
      <EndingText>{t('ended.text')}</EndingText>
    </EndingPage>
  );
}
