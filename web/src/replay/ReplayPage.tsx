import { useCallback, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useApi } from '../hooks/useApi.ts';
import { usePolled } from '../hooks/usePolled.ts';
import { useTitle } from '../hooks/useTitle.ts';
import { PageHeader, Skeleton, VisuallyHidden } from '../ui/index.ts';
import { SettingsButton } from '../settings/SettingsButton.tsx';
import { NoReplay } from './NoReplay.tsx';
import styles from './ReplayPage.module.css';
import { ReplayView } from './ReplayView.tsx';

/** A recording is there within two seconds of the end; what its host changes later is seen soon enough. */
const WAIT_MS = 1000;
const REFRESH_MS = 60_000;

interface ReplayPageProps {
  readonly roomId: string;
  /** What is shown where there is no recording, or none for this person. */
  readonly otherwise?: ReactNode;
}

/** The recording of a room: waited for where the room has just ended. */
export default function ReplayPage({ roomId, otherwise }: ReplayPageProps) {
  const { t } = useTranslation();
  const api = useApi();
  // Until it is known not to be: a page that is there asks once, and not again at once.
  const [isReady, setIsReady] = useState(true);
  const [version, setVersion] = useState(0);
  const load = useCallback(async () => {
    const recording = await api.getRecording(roomId);
    setIsReady(recording.replay !== null);
    return recording;
    // A new version is loaded at once, while the old one plays on.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [api, roomId, version]);
  const recording = usePolled(load, isReady ? REFRESH_MS : WAIT_MS);
  useTitle(recording.kind === 'ready' ? recording.value.title : '');
  if (recording.kind === 'failed')
    return otherwise ?? <NoReplay problem={recording.problem} onRetry={recording.retry} />;
  return (
    <div className={styles.page}>
      <PageHeader>
        <SettingsButton />
      </PageHeader>
      <main className={styles.main}>
        {recording.kind === 'loading' && (
          <article className={styles.card} aria-busy="true">
            <VisuallyHidden>{t('replay.loading')}</VisuallyHidden>
            <Skeleton width="60%" height="2.4rem" />
            <Skeleton width="100%" height="84px" />
          </article>
        )}
        {recording.kind === 'ready' && recording.value.replay === null && (
          <article className={styles.card} role="status">
            <h1 className={styles.title}>{t('replay.waitTitle')}</h1>
            <p className={styles.soft}>{t('replay.waitText')}</p>
          </article>
        )}
        {recording.kind === 'ready' && recording.value.replay !== null && (
          <ReplayView
            recording={recording.value}
            replay={recording.value.replay}
            onChanged={() => setVersion(version + 1)}
          />
        )}
      </main>
    </div>
  );
}
