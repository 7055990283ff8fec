import { Signal, SignalLow, WifiOff } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useListenerCount, usePhase, useQuality, useRoomInfo } from '../hooks/roomFacts.ts';
import { useNow } from '../hooks/useNow.ts';
import { useFormat } from '../i18n/useFormat.ts';
import { IconButton, PhaseBadge } from '../ui/index.ts';
import type { RoomDialog } from './dialogs/RoomDialogs.tsx';
import styles from './RoomHeader.module.css';
import { PlaneNote } from './PlaneNote.tsx';
import { RecordingBadge } from './RecordingBadge.tsx';
import { RoomMenuButton } from './controls/RoomMenuButton.tsx';
import { ShareButton } from './controls/ShareButton.tsx';

const QUALITY_ICONS = { good: Signal, weak: SignalLow, lost: WifiOff } as const;

export function RoomHeader({ onDialog }: { readonly onDialog: (dialog: RoomDialog) => void }) {
  const { t } = useTranslation();
  const { title, description, language } = useRoomInfo();
  const phase = usePhase();
  const quality = useQuality();
  const QualityIcon = QUALITY_ICONS[quality];
  return (
    <header className={styles.header}>
      <div className={styles.top}>
        <p className={styles.facts}>
          <PhaseBadge phase={phase} />
          <RecordingBadge />
          <Facts />
        </p>
        <div className={styles.tools}>
          <IconButton
            label={t('room.connection', { quality: t(`quality.${quality}`) })}
            icon={<QualityIcon size={21} />}
            className={styles[quality]}
            onClick={() => onDialog('connection')}
          />
          <span className={styles.share}>
            <ShareButton />
          </span>
          <RoomMenuButton onDialog={onDialog} />
        </div>
      </div>
      <h1 className={styles.title} lang={language} dir="auto">
        {title}
      </h1>
      {description !== '' && (
        <p className={styles.description} lang={language} dir="auto">
          {description}
        </p>
      )}
      <PlaneNote />
    </header>
  );
}

function Facts() {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const phase = usePhase();
  const listeners = useListenerCount();
  const { startedAt, language } = useRoomInfo();
  if (phase !== 'live') return <span>{format.language(language)}</span>;
  return (
    <>
      <span>{t('home.listeners', { count: listeners, value: format.count(listeners) })}</span>
      {startedAt !== null && (
        <span className={styles.elapsed} title={t('room.liveFor', { time: format.elapsed(now - startedAt) })}>
          {format.elapsed(now - startedAt)}
        </span>
      )}
    </>
  );
}
