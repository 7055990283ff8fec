import type { CSSProperties } from 'react';
import { useTranslation } from 'react-i18next';
import { useIsLocked, useSelf, useSpeakerLimit, useStage } from '../../hooks/roomFacts.ts';
import { Lock } from 'lucide-react';
import { StageTile } from './StageTile.tsx';
import styles from './Stage.module.css';

const PAIR = 2;
const FEW = 4;
const SOME = 8;

/** Everyone who may speak, in the order in which they came up. */
export function Stage() {
  const { t } = useTranslation();
  const stage = useStage();
  const limit = useSpeakerLimit();
  const locked = useIsLocked();
  const { userId } = useSelf();
  const crowd = crowdOf(stage.length);
  return (
    <section className={styles.stage} aria-labelledby="stage">
      <header className={styles.header}>
        <h2 id="stage" className={styles.heading}>
          {t('room.stage')}
        </h2>
        <span className={styles.note}>{t('room.stageCount', { count: stage.length, limit })}</span>
        {locked && (
          <span className={styles.note}>
            <Lock size={15} aria-hidden="true" />
            {t('room.locked')}
          </span>
        )}
      </header>
      <ul
        role="list"
        aria-labelledby="stage"
        className={styles.list}
        data-crowd={crowd}
        style={{ '--columns': columnsOf(stage.length) } as CSSProperties}
      >
        {stage.map((member) => (
          <StageTile key={member.userId} member={member} isSelf={member.userId === userId} />
        ))}
      </ul>
    </section>
  );
}

/** Where there is width for it, two rows take up to eight, and three take the rest. */
function columnsOf(count: number): number {
  if (count <= FEW) return count;
  return Math.ceil(count / (count <= SOME ? 2 : 3));
}

/** The fewer they are, the larger they are drawn. */
function crowdOf(count: number): 'pair' | 'few' | 'some' | 'many' {
  if (count <= PAIR) return 'pair';
  if (count <= FEW) return 'few';
  return count <= SOME ? 'some' : 'many';
}
