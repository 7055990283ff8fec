import { TimerOff } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useEndsInS } from '../hooks/roomFacts.ts';
import { useConnection } from '../hooks/useRoomState.ts';
import { useFormat } from '../i18n/useFormat.ts';
import styles from './ReconnectBanner.module.css';

/** Only listeners are left: in how many minutes the room ends. */
export function EndingBanner() {
  const { t } = useTranslation();
  const format = useFormat();
  const endsInS = useEndsInS();
  const isJoined = useConnection().kind === 'joined';
  const minutes = Math.max(1, Math.ceil((endsInS ?? 0) / 60));
  return (
    // Always there, so that its text is announced when it comes, and once a minute.
    <div role="status" aria-live="polite" className={styles.region}>
      {endsInS !== null && isJoined && (
        <div className={styles.banner}>
          <TimerOff size={20} aria-hidden="true" />
          <p>{t('banner.ending', { count: minutes, value: format.count(minutes) })}</p>
        </div>
      )}
    </div>
  );
}
