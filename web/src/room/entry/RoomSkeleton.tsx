import { useTranslation } from 'react-i18next';
import { PageHeader, Skeleton, VisuallyHidden } from '../../ui/index.ts';
import lobby from './LobbyView.module.css';
import styles from './RoomSkeleton.module.css';

const SEATS = 4;

/** The shape of a room while one is entering. */
export function RoomSkeleton() {
  const { t } = useTranslation();
  return (
    <main className={styles.room} aria-busy="true">
      <h1 className={styles.hidden}>
        <VisuallyHidden role="status">{t('room.loading')}</VisuallyHidden>
      </h1>
      <Skeleton width="320px" height="2rem" />
      <Skeleton width="200px" height="1.2rem" />
      <div className={styles.seats}>
        {Array.from({ length: SEATS }, (_, seat) => (
          <div key={seat} className={styles.seat}>
            <Skeleton width="104px" height="104px" round />
            <Skeleton width="76px" height="1rem" />
          </div>
        ))}
      </div>
    </main>
  );
}

/** The shape of the lobby while the room is looked up. */
export function LobbySkeleton() {
  const { t } = useTranslation();
  return (
    <div className={lobby.page}>
      <PageHeader />
      <main className={lobby.main} aria-busy="true">
        <h1 className={styles.hidden}>
          <VisuallyHidden role="status">{t('lobby.loading')}</VisuallyHidden>
        </h1>
        <div className={lobby.card}>
          <Skeleton width="170px" height="1.5rem" />
          <Skeleton height="2.6rem" />
          <Skeleton width="80%" height="1.3rem" />
          <div className={lobby.people}>
            <Skeleton width="52px" height="52px" round />
            <Skeleton width="130px" height="1.2rem" />
          </div>
        </div>
      </main>
    </div>
  );
}
