import type { RecordingInfo, ReplayInfo } from '@tribune/shared/recordings.ts';
import { Rss } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { linkTo } from '../client/basePath.ts';
import { useFormat } from '../i18n/useFormat.ts';
import { Avatar } from '../ui/index.ts';
import { HostTools } from './HostTools.tsx';
import { ReplayEditor } from './ReplayEditor.tsx';
import { ReplayPlayer } from './ReplayPlayer.tsx';
import styles from './ReplayPage.module.css';

interface ReplayViewProps {
  readonly recording: RecordingInfo;
  readonly replay: ReplayInfo;
  readonly onChanged: () => void;
}

export function ReplayView({ recording, replay, onChanged }: ReplayViewProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const [isEditing, setIsEditing] = useState(false);
  const { title, host, language, startedAt, mayEdit, visibility } = recording;
  return (
    <article className={styles.card}>
      <p className={styles.facts}>
        <span>{t('replay.title')}</span>
        <span>{t('replay.recordedOn', { date: format.date(startedAt) })}</span>
        <span>{format.duration(replay.durationMs)}</span>
      </p>
      <h1 className={styles.title} lang={language ?? undefined} dir="auto">
        {title}
      </h1>
      <p className={styles.host}>
        <Avatar userId={host.userId} name={host.name} />
        {t('ended.hostedBy', { name: host.name })}
      </p>
      {visibility === 'public' && (
        <p>
          <a className={styles.feed} href={linkTo(`/api/feeds/${host.userId}.xml`)}>
            <Rss size={18} aria-hidden="true" />
            {t('replay.feed', { name: host.name })}
          </a>
        </p>
      )}
      {isEditing ? (
        <ReplayEditor recording={recording} onChanged={onChanged} onDone={() => setIsEditing(false)} />
      ) : (
        // Another sound has another length.
        <ReplayPlayer key={`${visibility} ${replay.durationMs}`} recording={recording} replay={replay} />
      )}
      {mayEdit && (
        <HostTools
          recording={recording}
          onChanged={onChanged}
          onEdit={isEditing ? undefined : () => setIsEditing(true)}
        />
      )}
    </article>
  );
}
