import type { RoomInfo } from '@tribune/shared/domain.ts';
import { RotateCw } from 'lucide-react';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import type { Loaded } from '../hooks/usePolled.ts';
import { Button, Logo, Skeleton, VisuallyHidden } from '../ui/index.ts';
import { RoomCard } from './RoomCard.tsx';
import styles from './RoomList.module.css';

interface RoomListProps {
  readonly rooms: Loaded<readonly RoomInfo[]>;
  readonly onRetry: () => void;
}

export function RoomList({ rooms, onRetry }: RoomListProps) {
  switch (rooms.kind) {
    case 'loading':
      return <LoadingRooms />;
    case 'failed':
      return <FailedRooms problem={rooms.problem} onRetry={onRetry} />;
    case 'ready':
      return <Rooms rooms={rooms.value} />;
  }
}

function Rooms({ rooms }: { readonly rooms: readonly RoomInfo[] }) {
  const { t } = useTranslation();
  const live = rooms.filter(({ phase }) => phase === 'live').toSorted((a, b) => b.listeners - a.listeners);
  const waiting = rooms.filter(({ phase }) => phase === 'backstage').toSorted((a, b) => b.createdAt - a.createdAt);
  if (live.length + waiting.length === 0) return <NoRooms />;
  return (
    <>
      {live.length > 0 && <Group title={t('home.live')} rooms={live} />}
      {waiting.length > 0 && <Group title={t('home.waiting')} rooms={waiting} />}
    </>
  );
}

function Group({ title, rooms }: { readonly title: string; readonly rooms: readonly RoomInfo[] }) {
  const id = useId();
  return (
    <section aria-labelledby={id}>
      <h2 id={id} className={styles.heading}>
        {title}
      </h2>
      <ul className={styles.grid} role="list">
        {rooms.map((room) => (
          <li key={room.id}>
            <RoomCard room={room} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function NoRooms() {
  const { t } = useTranslation();
  return (
    <section className={styles.empty}>
      <span className={styles.emptyMark}>
        <Logo size={56} />
      </span>
      <h2>{t('home.emptyTitle')}</h2>
      <p>{t('home.emptyText')}</p>
    </section>
  );
}

function FailedRooms({
  problem,
  onRetry,
}: {
  readonly problem: Extract<RoomListProps['rooms'], { kind: 'failed' }>['problem'];
  readonly onRetry: () => void;
}) {
  const { t } = useTranslation();
  return (
    <section className={styles.empty} role="alert">
      <h2>{t('home.errorTitle')}</h2>
      <p>
        {t(`problems.${problem}.title`)}. {t(`problems.${problem}.next`)}
      </p>
      <Button variant="ghost" icon={<RotateCw size={18} aria-hidden="true" />} onClick={onRetry}>
        {t('action.retry')}
      </Button>
    </section>
  );
}

function LoadingRooms() {
  const { t } = useTranslation();
  return (
    <section aria-busy="true">
      <VisuallyHidden role="status">{t('home.loading')}</VisuallyHidden>
      <div className={styles.heading}>
        <Skeleton width="140px" height="1.5rem" />
      </div>
      <div className={styles.grid}>
        <Skeleton height="196px" />
        <Skeleton height="196px" />
      </div>
    </section>
  );
}
