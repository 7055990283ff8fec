import { Radio } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { usePlane } from '../hooks/roomFacts.ts';
import { useConnection } from '../hooks/useRoomState.ts';
import { useFormat } from '../i18n/useFormat.ts';
import styles from './PlaneNote.module.css';

/** Says to whoever hears the room over HTTP how late they hear it, why, and what becomes of it. `useAnnouncements` says it aloud, once. */
export function PlaneNote() {
  const { t } = useTranslation();
  const format = useFormat();
  const connection = useConnection();
  const plane = usePlane();
  if (plane.kind !== 'http') return null;
  return (
    <p className={styles.note} data-testid="plane-note">
      <Radio size={18} aria-hidden="true" />
      <span>
        {plane.behindS !== null && (
          <strong className={styles.behind}>{t('plane.behind', { value: format.count(plane.behindS) })}</strong>
        )}{' '}
        {t(`plane.${plane.cause}`)}{' '}
        {connection.kind === 'queued' && t('plane.place', { value: format.count(connection.place) })}
      </span>
    </p>
  );
}
