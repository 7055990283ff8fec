import type { RecordingInfo } from '@tribune/shared/recordings.ts';
import { useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApi } from '../hooks/useApi.ts';
import { useNotify } from '../hooks/useNotify.ts';
import { usePolled } from '../hooks/usePolled.ts';
import { useRun } from '../hooks/useRun.ts';
import { Button, Skeleton, VisuallyHidden } from '../ui/index.ts';
import { ChapterForm } from '../ui/overlay/index.ts';
import { ChapterList } from './ChapterList.tsx';
import { clock } from './clock.ts';
import { CutTools } from './CutTools.tsx';
import { ReplayPlayer } from './ReplayPlayer.tsx';
import styles from './ReplayPage.module.css';

/** Nobody else edits it, but perhaps the same host elsewhere. */
const REFRESH_MS = 60_000;

interface ReplayEditorProps {
  readonly recording: RecordingInfo;
  readonly onChanged: () => void;
  readonly onDone: () => void;
}

/** All of a recording, also what is cut out, for its host alone, with the tools to cut it. */
export function ReplayEditor({ recording, onChanged, onDone }: ReplayEditorProps) {
  const { t } = useTranslation();
  const api = useApi();
  const run = useRun();
  const notify = useNotify();
  const [version, setVersion] = useState(0);
  const { id } = recording;
  // oxlint-disable-next-line react/exhaustive-deps -- A new version is loaded at once.
  const load = useCallback(async () => api.getRecordingEdit(id), [api, id, version]);
  const edit = usePolled(load, REFRESH_MS);
  const change = async (work: () => Promise<unknown>) => {
    if (!(await run(work))) return false;
    notify({ id: 'recording', text: t('replay.saved') });
    setVersion((now) => now + 1);
    onChanged();
    return true;
  };
  return (
    <section className={styles.editor} aria-labelledby="replay-edit">
      <h2 id="replay-edit">{t('edit.title')}</h2>
      <p className={styles.soft}>{t('edit.note')}</p>
      {edit.kind === 'loading' && (
        <div aria-busy="true">
          <VisuallyHidden>{t('replay.loading')}</VisuallyHidden>
          <Skeleton width="100%" height="84px" />
        </div>
      )}
      {edit.kind === 'failed' && <Button onClick={edit.retry}>{t('action.retry')}</Button>}
      {edit.kind === 'ready' && (
        <ReplayPlayer recording={recording} replay={edit.value.uncut} cuts={edit.value.cuts}>
          {(positionMs, playFrom) => (
            <>
              <CutTools
                edit={edit.value}
                positionMs={positionMs}
                onPlayFrom={playFrom}
                onCut={(cut) => void change(async () => api.addCut(id, cut))}
                onPutBack={(cutId) => void change(async () => api.deleteCut(id, cutId))}
                onTakeBackIn={(userId) => void change(async () => api.takeBackIn(id, userId))}
              />
              <ChapterForm
                label={t('edit.chapterAt', { time: clock(positionMs) })}
                submit={t('edit.addChapter')}
                onSubmit={(title) => change(async () => api.addChapter(id, { title, atMs: Math.round(positionMs) }))}
              />
              <ChapterList
                chapters={edit.value.uncut.chapters}
                positionMs={positionMs}
                onPlayFrom={playFrom}
                onDelete={(chapterId) => void change(async () => api.deleteChapter(id, chapterId))}
              />
            </>
          )}
        </ReplayPlayer>
      )}
      <Button variant="primary" onClick={onDone}>
        {t('edit.done')}
      </Button>
    </section>
  );
}
