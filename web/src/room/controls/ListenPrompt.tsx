import { Volume2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { usePlayback } from '../../hooks/roomFacts.ts';
import { useRoomClient } from '../../hooks/useRoomClient.ts';
import { Button } from '../../ui/index.ts';
import styles from './ListenPrompt.module.css';

/** The browser wants a click before it plays sound: one button, and nothing else to understand. */
export function ListenPrompt() {
  const { t } = useTranslation();
  const client = useRoomClient();
  if (usePlayback() !== 'blocked') return null;
  return (
    <div className={styles.prompt} role="alert">
      <p>{t('playback.title')}</p>
      <Button
        variant="ember"
        size="lg"
        icon={<Volume2 size={22} aria-hidden="true" />}
        onClick={() => void client.startPlayback()}
      >
        {t('playback.listen')}
      </Button>
    </div>
  );
}
