import { LoaderCircle, WifiOff } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { usePlane } from '../hooks/roomFacts.ts';
import { useRoomClient } from '../hooks/useRoomClient.ts';
import { useConnection } from '../hooks/useRoomState.ts';
import { Button } from '../ui/index.ts';
import styles from './ReconnectBanner.module.css';

/** The connection is lost for the moment: the room stays on screen, and so does the way out. */
export function ReconnectBanner() {
  const { t } = useTranslation();
  const client = useRoomClient();
  const connection = useConnection();
  // Whoever hears the room meanwhile is told so in its header.
  const isHeard = usePlane().kind === 'http';
  const resuming = connection.kind === 'resuming' && !isHeard;
  return (
    // Always there, so that its text is announced when it comes.
    <div role="status" aria-live="polite" className={styles.region}>
      {resuming && (
        <div className={styles.banner}>
          {connection.cause === 'offline' ? (
            <WifiOff size={20} aria-hidden="true" />
          ) : (
            <LoaderCircle size={20} className={styles.spin} aria-hidden="true" />
          )}
          <p>{t(`banner.${connection.cause}`)}</p>
          <Button size="sm" variant="ghost" onClick={() => client.leave()}>
            {t('leave.button')}
          </Button>
        </div>
      )}
    </div>
  );
}
