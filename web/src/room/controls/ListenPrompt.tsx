import { Volume2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { usePlayback } from '../../hooks/roomFacts.ts';
import { useRoomClient } from '../../hooks/useRoomClient.ts';
import { Button } from '../../ui/index.ts';
import styles from './ListenPrompt.module.css';

/** Nothing is heard until a click: because the browser wants one before it plays, or because something paused the sound. */
export function ListenPrompt() {
  const { t } = useTranslation();
  const client = useRoomClient();
  const playback = usePlayback();
  if (playback !== 'blocked' && playback !== 'paused') return null;
  const paused = playback === 'paused';
  return (
    <div className={styles.prompt} role="alert" aria-live="assertive">
      <p>{paused ? t('playback.pausedTitle') : t('playback.title')}</p>
      <Button
        variant="ember"
        size="lg"
        icon={<Volume2 size={22} aria-hidden="true" />}
        onClick={() => void client.startPlayback()}
      >
        {paused ? t('playback.again') : t('playback.listen')}
      </Button>
    </div>
  );
}
