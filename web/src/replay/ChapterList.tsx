import type { ReplayChapter } from '@tribune/shared/recordings.ts';
import { useTranslation } from 'react-i18next';
import { Button } from '../ui/index.ts';
import styles from './ChapterList.module.css';
import { clock } from './clock.ts';

interface ChapterListProps {
  readonly chapters: readonly ReplayChapter[];
  readonly positionMs: number;
  readonly onPlayFrom: (ms: number) => void;
  /** For its host: those that were made by hand can be deleted. */
  readonly onDelete?: ((chapterId: string) => void) | undefined;
}

/** The chapters, of which one goes on; each leads to its beginning. */
export function ChapterList({ chapters, positionMs, onPlayFrom, onDelete }: ChapterListProps) {
  const { t } = useTranslation();
  if (chapters.length === 0) return null;
  const current = chapters.findLast(({ atMs }) => atMs <= positionMs);
  return (
    <section aria-labelledby="replay-chapters">
      <h2 id="replay-chapters" className={styles.heading}>
        {t('replay.chapters')}
      </h2>
      <ol className={styles.list}>
        {chapters.map(({ id, atMs, title, automatic }) => (
          <li key={id} className={styles.row}>
            <button
              type="button"
              className={styles.chapter}
              aria-current={id === current?.id ? 'true' : undefined}
              onClick={() => onPlayFrom(atMs)}
            >
              <span className={styles.time}>{clock(atMs)}</span>
              <span dir="auto">{title}</span>
            </button>
            {onDelete && !automatic && (
              <Button variant="ghost" aria-label={t('edit.deleteChapter', { title })} onClick={() => onDelete(id)}>
                {t('replay.delete')}
              </Button>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}
