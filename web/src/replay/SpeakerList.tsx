import type { ReplayInfo } from '@tribune/shared/recordings.ts';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { Avatar } from '../ui/index.ts';
import { clock } from './clock.ts';
import styles from './SpeakerList.module.css';
import { speakersAt, talksOf } from './turns.ts';

interface SpeakerListProps {
  readonly replay: ReplayInfo;
  readonly positionMs: number;
  readonly onPlayFrom: (ms: number) => void;
}

/** Who spoke and for how long; each leads to where they first speak. */
export function SpeakerList({ replay, positionMs, onPlayFrom }: SpeakerListProps) {
  const { t } = useTranslation();
  const talks = useMemo(() => talksOf(replay), [replay]);
  const speaking = new Set(speakersAt(replay, positionMs).map(({ userId }) => userId));
  if (talks.length === 0) return null;
  return (
    <section aria-labelledby="replay-speakers">
      <h2 id="replay-speakers" className={styles.heading}>
        {t('replay.speakers')}
      </h2>
      <ul className={styles.list}>
        {talks.map(({ person, ms, firstMs }) => (
          <li key={person.userId}>
            <button
              type="button"
              className={styles.person}
              data-speaking={speaking.has(person.userId)}
              title={t('replay.jump', { name: person.name })}
              onClick={() => onPlayFrom(firstMs)}
            >
              <Avatar userId={person.userId} name={person.name} />
              {t('replay.spoke', { name: person.name, time: clock(ms) })}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
