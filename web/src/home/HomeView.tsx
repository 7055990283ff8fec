import type { RoomInfo } from '@tribune/shared/domain.ts';
import { Hand, Plus, Radio, UsersRound } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { Loaded } from '../hooks/usePolled.ts';
import { LanguageButton } from '../settings/LanguageButton.tsx';
import { SettingsButton } from '../settings/SettingsButton.tsx';
import { Button, PageHeader } from '../ui/index.ts';
import { Amphitheatre } from './Amphitheatre.tsx';
import { RoomList } from './RoomList.tsx';
import styles from './HomeView.module.css';

export interface HomeViewProps {
  readonly rooms: Loaded<readonly RoomInfo[]>;
  readonly onRetry: () => void;
  readonly onCreate: () => void;
}

export function HomeView({ rooms, onRetry, onCreate }: HomeViewProps) {
  const { t } = useTranslation();
  return (
    <div className={styles.page}>
      <PageHeader>
        <LanguageButton />
        <SettingsButton />
      </PageHeader>
      <main className={styles.main}>
        <section className={styles.hero}>
          <Amphitheatre />
          <h1 className={styles.title}>{t('home.title')}</h1>
          <p className={styles.lead}>{t('home.lead')}</p>
          <Button variant="primary" size="lg" icon={<Plus size={22} aria-hidden="true" />} onClick={onCreate}>
            {t('home.create')}
          </Button>
        </section>
        <RoomList rooms={rooms} onRetry={onRetry} />
        <HowItWorks />
      </main>
      <footer className={styles.foot}>{t('home.foot')}</footer>
    </div>
  );
}

function HowItWorks() {
  const { t } = useTranslation();
  const points = [
    { icon: <Radio size={22} />, title: t('home.whatStage'), text: t('home.whatStageText') },
    { icon: <UsersRound size={22} />, title: t('home.whatAudience'), text: t('home.whatAudienceText') },
    { icon: <Hand size={22} />, title: t('home.whatHand'), text: t('home.whatHandText') },
  ];
  return (
    <section className={styles.how} aria-labelledby="how">
      <h2 id="how" className={styles.howTitle}>
        {t('home.whatTitle')}
      </h2>
      <ul className={styles.points}>
        {points.map(({ icon, title, text }) => (
          <li key={title} className={styles.point}>
            <span className={styles.pointIcon} aria-hidden="true">
              {icon}
            </span>
            <h3>{title}</h3>
            <p>{text}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}
