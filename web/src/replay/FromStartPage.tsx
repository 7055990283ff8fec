import { useCallback, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import { enterDirectly } from '../hooks/enteredRoom.ts';
import { useApi } from '../hooks/useApi.ts';
import { usePolled } from '../hooks/usePolled.ts';
import { useTitle } from '../hooks/useTitle.ts';
import { SettingsButton } from '../settings/SettingsButton.tsx';
import { PageHeader, Skeleton, VisuallyHidden } from '../ui/index.ts';
import { CatchUp } from './CatchUp.tsx';
import { NoReplay } from './NoReplay.tsx';
import styles from './ReplayPage.module.css';

const REFRESH_MS = 10_000;

/** A room that is on, from its beginning: whoever has caught up is in the room, without a click. */
export default function FromStartPage({ roomId }: { readonly roomId: string }) {
  const { t } = useTranslation();
  const api = useApi();
  const [, navigate] = useLocation();
  const loaded = usePolled(
    useCallback(async () => api.getRecording(roomId), [api, roomId]),
    REFRESH_MS,
  );
  const recording = loaded.kind === 'ready' ? loaded.value : null;
  useTitle(recording?.title ?? '');
  const goLive = useCallback(() => {
    enterDirectly(roomId);
    navigate(`/r/${roomId}`, { replace: true });
  }, [navigate, roomId]);
  const isOver = recording?.state === 'ready';
  useEffect(() => {
    if (isOver) navigate(`/r/${roomId}/replay`, { replace: true });
  }, [isOver, navigate, roomId]);
  if (loaded.kind === 'failed') return <NoReplay problem={loaded.problem} onRetry={loaded.retry} />;
  return (
    <div className={styles.page}>
      <PageHeader>
        <SettingsButton />
      </PageHeader>
      <main className={styles.main}>
        <article className={styles.card} aria-busy={!recording}>
          {recording?.soFar ? (
            <>
              <p className={styles.facts}>{t('fromStart.title')}</p>
              <h1 className={styles.title} lang={recording.language ?? undefined} dir="auto">
                {recording.title}
              </h1>
              <p className={styles.soft}>{t('fromStart.note')}</p>
              <CatchUp soFar={recording.soFar} onLive={goLive} />
            </>
          ) : (
            <>
              <VisuallyHidden>{t('replay.loading')}</VisuallyHidden>
              <Skeleton width="60%" height="2.4rem" />
            </>
          )}
        </article>
      </main>
    </div>
  );
}
