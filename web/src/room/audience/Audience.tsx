import { useTranslation } from 'react-i18next';
import { useFaces, useListenerCount, usePhase } from '../../hooks/roomFacts.ts';
import { useFormat } from '../../i18n/useFormat.ts';
import { Seats } from '../stage/Seats.tsx';
import styles from './Audience.module.css';

/** Those who listen: a count, and a sample of faces. Never a roster. */
export function Audience() {
  const { t } = useTranslation();
  const format = useFormat();
  const listeners = useListenerCount();
  const faces = useFaces();
  const live = usePhase() === 'live';
  const counted = { count: listeners, value: format.count(listeners) };
  return (
    <section className={styles.audience} aria-labelledby="audience">
      <h2 id="audience" className={styles.heading}>
        {t('room.audience')}
      </h2>
      {listeners === 0 ? (
        <p className={styles.empty}>{t('room.audienceEmpty')}</p>
      ) : (
        <>
          <Seats people={faces} />
          <p className={styles.count} data-testid="listener-count">
            {live ? t('room.listening', counted) : t('room.waiting', counted)}
          </p>
        </>
      )}
    </section>
  );
}
