import type { RoomInfo } from '@tribune/shared/domain.ts';
import { Play } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import { useFormat } from '../../i18n/useFormat.ts';
import { Avatar, Button, PageHeader } from '../../ui/index.ts';
import styles from './EndedView.module.css';

/** The room's link after the end: what it was, and where to go now. */
export function EndedView({ room }: { readonly room: RoomInfo }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [, navigate] = useLocation();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const { id, isRecorded, title, host, language, startedAt, endedAt } = room;
  const lastedMs = startedAt !== null && endedAt !== null ? endedAt - startedAt : null;
  return (
    <div className={styles.page}>
      <PageHeader />
      <main className={styles.main}>
        <h1 ref={heading} tabIndex={-1} className={styles.heading}>
          {t('ended.title')}
        </h1>
        <article className={styles.card}>
          <h2 className={styles.title} lang={language}>
            {title}
          </h2>
          <p className={styles.host}>
            <Avatar userId={host.userId} name={host.name} />
            {t('ended.hostedBy', { name: host.name })}
          </p>
          {lastedMs !== null && (
            <p className={styles.lasted}>{t('ended.lasted', { time: format.duration(lastedMs) })}</p>
          )}
        </article>
        <p className={styles.thanks}>{t('ended.text')}</p>
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
      </main>
    </div>
  );
}
