import type { RoomInfo } from '@tribune/shared/domain.ts';
import { Headphones } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { useFormat } from '../i18n/useFormat.ts';
import { AvatarStack, PhaseBadge } from '../ui/index.ts';
import styles from './RoomCard.module.css';

export function RoomCard({ room }: { readonly room: RoomInfo }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { id, title, description, phase, host, listeners, language, speakers } = room;
  const counted = { count: listeners, value: format.count(listeners) };
  const faces = speakers.length > 0 ? speakers : [host];
  return (
    <Link href={`/r/${id}`} className={styles.card}>
      <span className={styles.top}>
        <PhaseBadge phase={phase} />
        <span className={styles.language}>{format.language(language)}</span>
      </span>
      <h3 className={styles.title} lang={language} dir="auto">
        {title}
      </h3>
      {description !== '' && (
        <p className={styles.description} lang={language} dir="auto">
          {description}
        </p>
      )}
      <span className={styles.bottom}>
        <span className={styles.people}>
          <AvatarStack people={faces} max={4} />
          <span className={styles.host}>{t('home.hostedBy', { name: host.name })}</span>
        </span>
        <span className={styles.count}>
          <Headphones size={16} aria-hidden="true" />
          {phase === 'live' ? t('home.listeners', counted) : t('home.waiters', counted)}
        </span>
      </span>
    </Link>
  );
}
