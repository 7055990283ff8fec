import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { useApi } from '../hooks/useApi.ts';
import { usePolled } from '../hooks/usePolled.ts';
import { useTitle } from '../hooks/useTitle.ts';
import { SettingsButton } from '../settings/SettingsButton.tsx';
import { PageHeader, Skeleton, VisuallyHidden } from '../ui/index.ts';
import { NoReplay } from './NoReplay.tsx';
import styles from './ReplayPage.module.css';
import { ReplayPlayer } from './ReplayPlayer.tsx';

const REFRESH_MS = 60_000;

/** A part of a recording, under a link of its own. */
export default function ClipPage({ roomId, clipId }: { readonly roomId: string; readonly clipId: string }) {
  const { t } = useTranslation();
  const api = useApi();
  const load = useCallback(async () => api.getClip(roomId, clipId), [api, roomId, clipId]);
  const loaded = usePolled(load, REFRESH_MS);
  useTitle(loaded.kind === 'ready' ? loaded.value.clip.title : '');
  if (loaded.kind === 'failed') return <NoReplay problem={loaded.problem} onRetry={loaded.retry} />;
  const info = loaded.kind === 'ready' ? loaded.value : null;
  return (
    <div className={styles.page}>
      <PageHeader>
        <SettingsButton />
      </PageHeader>
      <main className={styles.main}>
        <article className={styles.card} aria-busy={!info}>
          {!info && (
            <>
              <VisuallyHidden>{t('replay.loading')}</VisuallyHidden>
              <Skeleton width="60%" height="2.4rem" />
              <Skeleton width="100%" height="84px" />
            </>
          )}
          {info?.recording.replay && (
            <>
              <p className={styles.facts}>{t('clip.kind')}</p>
              <h1 className={styles.title} lang={info.recording.language ?? undefined} dir="auto">
                {info.clip.title}
              </h1>
              <p className={styles.soft}>
                <Link href={`/r/${roomId}/replay#t=${Math.floor(info.clip.atMs / 1000)}`}>
                  {t('clip.whole', { title: info.recording.title })}
                </Link>
              </p>
              <ReplayPlayer
                key={info.recording.replay.durationMs}
                recording={{ ...info.recording, title: info.clip.title }}
                replay={info.recording.replay}
                clipId={clipId}
              />
            </>
          )}
        </article>
      </main>
    </div>
  );
}
