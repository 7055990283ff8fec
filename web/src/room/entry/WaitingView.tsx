import { CircleCheck } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useFaces, useListenerCount, usePlayback, useRoomInfo } from '../../hooks/roomFacts.ts';
import { useRoomClient } from '../../hooks/useRoomClient.ts';
import { useFormat } from '../../i18n/useFormat.ts';
import { Avatar, Button } from '../../ui/index.ts';
import { Seats } from '../stage/Seats.tsx';
import { ShareButton } from '../controls/ShareButton.tsx';
import styles from './WaitingView.module.css';

/** A listener's page while the stage is backstage: calm, and nothing to do. */
export function WaitingView() {
  const { t } = useTranslation();
  const format = useFormat();
  const client = useRoomClient();
  const { title, language, host } = useRoomInfo();
  const listeners = useListenerCount();
  const faces = useFaces();
  const playback = usePlayback();
  return (
    <div className={styles.page}>
      <main className={styles.main}>
        <div className={styles.door}>
          <Avatar userId={host.userId} name={host.name} className={styles.host} />
        </div>
        <p className={styles.room} lang={language} dir="auto">
          {title}
        </p>
        <h1 className={styles.title}>{t('wait.title')}</h1>
        <p className={styles.text}>{t('wait.text', { name: host.name })}</p>
        <Seats people={faces} />
        <p className={styles.count}>{t('wait.count', { count: listeners, value: format.count(listeners) })}</p>
        {playback !== 'blocked' && playback !== 'paused' && (
          <p className={styles.ready}>
            <CircleCheck size={18} aria-hidden="true" />
            {t('wait.sound')}
          </p>
        )}
      </main>
      <footer className={styles.foot}>
        <Button variant="danger" onClick={() => client.leave()}>
          {t('leave.button')}
        </Button>
        <ShareButton />
      </footer>
    </div>
  );
}
