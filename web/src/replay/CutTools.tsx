import type { RecordingEdit } from '@tribune/shared/recordings.ts';
import type { CutRequest } from '@tribune/shared/schemas.ts';
import { Scissors } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../ui/index.ts';
import { SwitchField } from '../ui/overlay/index.ts';
import { clock } from './clock.ts';
import styles from './CutTools.module.css';
import { talksOf } from './turns.ts';

interface CutToolsProps {
  readonly edit: RecordingEdit;
  readonly positionMs: number;
  readonly onPlayFrom: (ms: number) => void;
  readonly onCut: (cut: CutRequest) => void;
  readonly onPutBack: (cutId: string) => void;
  readonly onTakeBackIn: (userId: string) => void;
}

/** Shortens a recording at both ends, takes something out of it, leaves somebody out; and all of that back. */
export function CutTools({ edit, positionMs, onPlayFrom, onCut, onPutBack, onTakeBackIn }: CutToolsProps) {
  const { t } = useTranslation();
  const [fromMs, setFromMs] = useState<number | null>(null);
  const { uncut, cuts } = edit;
  const { durationMs } = uncut;
  const leftOut = new Set(cuts.map(({ userId }) => userId));
  const ranges = cuts.filter(({ userId }) => userId === null);
  const cutFromMark = () => {
    if (fromMs === null) return;
    onCut({ fromMs: Math.min(fromMs, positionMs), toMs: Math.max(fromMs, positionMs) });
    setFromMs(null);
  };
  return (
    <section className={styles.tools} aria-labelledby="replay-cuts">
      <h3 id="replay-cuts" className={styles.heading}>
        {t('edit.cutTitle', { time: clock(positionMs) })}
      </h3>
      <div className={styles.row}>
        <Button disabled={positionMs <= 0} onClick={() => onCut({ fromMs: 0, toMs: positionMs })}>
          {t('edit.startHere')}
        </Button>
        <Button
          disabled={positionMs <= 0 || positionMs >= durationMs}
          onClick={() => onCut({ fromMs: positionMs, toMs: durationMs })}
        >
          {t('edit.endHere')}
        </Button>
        <Button
          variant={fromMs === null ? 'plain' : 'primary'}
          icon={<Scissors size={18} aria-hidden="true" />}
          pending={fromMs === positionMs}
          onClick={fromMs === null ? () => setFromMs(positionMs) : cutFromMark}
        >
          {fromMs === null
            ? t('edit.cutFrom')
            : t('edit.cutTo', { from: clock(Math.min(fromMs, positionMs)), to: clock(Math.max(fromMs, positionMs)) })}
        </Button>
        {fromMs !== null && (
          <Button variant="ghost" onClick={() => setFromMs(null)}>
            {t('action.cancel')}
          </Button>
        )}
      </div>
      {ranges.length > 0 && (
        <ul className={styles.list} aria-label={t('edit.cuts')}>
          {ranges.map((cut) => {
            const time = t('edit.range', { from: clock(cut.fromMs), to: clock(cut.toMs) });
            return (
              <li key={cut.id} className={styles.row}>
                <span className={styles.time}>{time}</span>
                <Button
                  variant="ghost"
                  aria-label={t('edit.hearRange', { time })}
                  onClick={() => onPlayFrom(cut.fromMs)}
                >
                  {t('edit.hear')}
                </Button>
                <Button variant="ghost" aria-label={t('edit.putBackRange', { time })} onClick={() => onPutBack(cut.id)}>
                  {t('edit.putBack')}
                </Button>
              </li>
            );
          })}
        </ul>
      )}
      <h3 className={styles.heading}>{t('edit.peopleTitle')}</h3>
      <p className={styles.note}>{t('edit.peopleNote')}</p>
      {talksOf(uncut).map(({ person, ms }) => (
        <SwitchField
          key={person.userId}
          label={t('edit.leaveOut', { name: person.name })}
          hint={t('edit.leaveOutHint', { time: clock(ms) })}
          checked={leftOut.has(person.userId)}
          onChange={(isOut) => (isOut ? onCut({ userId: person.userId }) : onTakeBackIn(person.userId))}
        />
      ))}
    </section>
  );
}
