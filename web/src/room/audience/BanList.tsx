import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import { useRoomClient } from '../../hooks/useRoomClient.ts';
import { useRun } from '../../hooks/useRun.ts';
import { Avatar, Button, Skeleton } from '../../ui/index.ts';
import styles from './PeopleDialog.module.css';
import { usePeople } from './usePeople.ts';

export function BanList() {
  const { t } = useTranslation();
  const { request } = useRoomClient();
  const run = useRun();
  const { value, refresh } = usePeople(useCallback(() => request('ban:list'), [request]));
  const unban = async (userId: string) => {
    if (await run(() => request('peer:unban', { userId }))) refresh();
  };
  if (value === null) {
    return (
      <div role="status" aria-label={t('people.loading')}>
        <Skeleton height="58px" />
      </div>
    );
  }
  if (value.length === 0) return <p className={styles.empty}>{t('people.noBans')}</p>;
  return (
    <ul role="list" aria-label={t('people.bans')}>
      {value.map(({ userId, name }) => (
        <li key={userId} className={styles.row}>
          <Avatar userId={userId} name={name} />
          <span className={styles.name} dir="auto">
            {name}
          </span>
          <Button size="sm" aria-label={t('people.unbanOf', { name })} onClick={() => void unban(userId)}>
            {t('people.unban')}
          </Button>
        </li>
      ))}
    </ul>
  );
}
