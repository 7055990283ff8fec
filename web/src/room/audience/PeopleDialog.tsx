import { can } from '@tribune/shared/permissions.ts';
import { Tabs } from 'radix-ui';
import { useTranslation } from 'react-i18next';
import { useRole } from '../../hooks/roomFacts.ts';
import { Dialog } from '../../ui/overlay/index.ts';
import { AudienceList } from './AudienceList.tsx';
import { BanList } from './BanList.tsx';
import styles from './PeopleDialog.module.css';

/** For host and co-hosts: who listens, and who is banned. */
export default function PeopleDialog({ onClose }: { readonly onClose: () => void }) {
  const { t } = useTranslation();
  const role = useRole();
  return (
    <Dialog title={t('people.title')} shape="panel" onClose={onClose}>
      <Tabs.Root defaultValue="audience" className={styles.tabs}>
        <Tabs.List className={styles.list} aria-label={t('people.title')}>
          <Tabs.Trigger value="audience" className={styles.tab}>
            {t('people.audience')}
          </Tabs.Trigger>
          {can(role, 'ban:list') && (
            <Tabs.Trigger value="bans" className={styles.tab}>
              {t('people.bans')}
            </Tabs.Trigger>
          )}
        </Tabs.List>
        <Tabs.Content value="audience" className={styles.content}>
          <AudienceList />
        </Tabs.Content>
        <Tabs.Content value="bans" className={styles.content}>
          <BanList />
        </Tabs.Content>
      </Tabs.Root>
    </Dialog>
  );
}
