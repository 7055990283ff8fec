import type { ClipSummary, RecordingInfo, ReplayInfo } from '@tribune/shared/recordings.ts';
import { Scissors } from 'lucide-react';
import { useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { useApi } from '../hooks/useApi.ts';
import { usePolled } from '../hooks/usePolled.ts';
import { useRun } from '../hooks/useRun.ts';
import { Button } from '../ui/index.ts';
import styles from './ChapterList.module.css';
import { ClipDialog } from './ClipDialog.tsx';
import { clock } from './clock.ts';

const REFRESH_MS = 60_000;

interface ClipListProps {
  readonly recording: RecordingInfo;
  readonly replay: ReplayInfo;
  readonly positionMs: number;
}

/** The clips that people have made of a recording, and the way to make one. */
export function ClipList({ recording, replay, positionMs }: ClipListProps) {
  const { t } = useTranslation();
  const api = useApi();
  const run = useRun();
  const [version, setVersion] = useState(0);
  const [isMaking, setIsMaking] = useState(false);
  const { id } = recording;
  // oxlint-disable-next-line react/exhaustive-deps -- A new version is loaded at once.
  const load = useCallback(async () => api.listClips(id), [api, id, version]);
  const loaded = usePolled(load, REFRESH_MS);
  const clips: readonly ClipSummary[] = loaded.kind === 'ready' ? loaded.value : [];
  const reload = () => setVersion((now) => now + 1);
  const remove = async (clipId: string) => (await run(async () => api.deleteClip(id, clipId))) && reload();
  return (
    <section aria-labelledby="replay-clips">
      <h2 id="replay-clips" className={styles.heading}>
        {t('clip.list')}
      </h2>
      <ul className={styles.list}>
        {clips.map(({ id: clipId, title, atMs, durationMs, mayDelete }) => (
          <li key={clipId} className={styles.row}>
            <Link href={`/r/${id}/clip/${clipId}`} className={styles.chapter}>
              <span className={styles.time}>{clock(atMs)}</span>
              <span dir="auto">{title}</span>
              <span className={styles.time}>{t('clip.length', { time: clock(durationMs) })}</span>
            </Link>
            {mayDelete && (
              <Button variant="ghost" aria-label={t('clip.delete', { title })} onClick={() => void remove(clipId)}>
                {t('replay.delete')}
              </Button>
            )}
          </li>
        ))}
      </ul>
      <Button icon={<Scissors size={18} aria-hidden="true" />} onClick={() => setIsMaking(true)}>
        {t('clip.title')}
      </Button>
      {isMaking && (
        <ClipDialog
          recording={recording}
          replay={replay}
          positionMs={positionMs}
          onMade={() => {
            setIsMaking(false);
            reload();
          }}
          onClose={() => setIsMaking(false)}
        />
      )}
    </section>
  );
}
