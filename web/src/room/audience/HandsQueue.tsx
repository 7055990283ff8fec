import type { Person } from '@tribune/shared/domain.ts';
import { can } from '@tribune/shared/permissions.ts';
import { Hand, X } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useHandCount, useHands, useIsLocked, usePhase, useRole } from '../../hooks/roomFacts.ts';
import { useRoomClient } from '../../hooks/useRoomClient.ts';
import { useRun } from '../../hooks/useRun.ts';
import { Avatar, Button, IconButton, lazyPart } from '../../ui/index.ts';
import styles from './HandsQueue.module.css';

const ConfirmDialog = lazyPart(async () => (await import('../../ui/overlay/ConfirmDialog.tsx')).ConfirmDialog);

/** The queue of raised hands; nothing for those who may not decide about it, nor while nobody can raise one. */
export function HandsQueue() {
  const { request } = useRoomClient();
  const run = useRun();
  const role = useRole();
  const hands = useHands();
  const count = useHandCount();
  const locked = useIsLocked();
  const live = usePhase() === 'live';
  if (!can(role, 'hand:approve') || (!live && hands.length === 0)) return null;
  return (
    <HandsQueueView
      hands={hands}
      count={Math.max(count, hands.length)}
      locked={locked}
      onApprove={(userId) => void run(() => request('hand:approve', { userId }))}
      onDecline={(userId) => void run(() => request('hand:decline', { userId }))}
      onLowerAll={() => void run(() => request('hand:lowerAll'))}
    />
  );
}

interface HandsQueueViewProps {
  /** First come first. */
  readonly hands: readonly Person[];
  readonly count: number;
  readonly locked: boolean;
  readonly onApprove: (userId: string) => void;
  readonly onDecline: (userId: string) => void;
  readonly onLowerAll: () => void;
}

function HandsQueueView({ hands, count, locked, onApprove, onDecline, onLowerAll }: HandsQueueViewProps) {
  const { t } = useTranslation();
  const [asking, setAsking] = useState(false);
  return (
    <section className={styles.queue} aria-labelledby="hands">
      <header className={styles.header}>
        <Hand size={20} aria-hidden="true" />
        <h2 id="hands" className={styles.heading}>
          {t('hand.title')}
        </h2>
        {count > 1 && (
          <Button size="sm" variant="ghost" onClick={() => setAsking(true)}>
            {t('hand.lowerAll')}
          </Button>
        )}
        <span className={styles.count} data-any={count > 0} aria-label={t('hand.count', { count })} role="img">
          {count}
        </span>
      </header>
      {hands.length === 0 ? (
        <p className={styles.empty}>{locked ? t('hand.locked') : t('hand.empty')}</p>
      ) : (
        <ol className={styles.list} aria-labelledby="hands">
          {hands.map((person, index) => (
            <HandRow
              key={person.userId}
              person={person}
              place={index + 1}
              onApprove={onApprove}
              onDecline={onDecline}
            />
          ))}
        </ol>
      )}
      {asking && count > 0 && (
        <ConfirmDialog
          title={t('confirm.lowerAllTitle', { count })}
          text={t('confirm.lowerAllText')}
          confirm={t('hand.lowerAll')}
          onCancel={() => setAsking(false)}
          onConfirm={() => {
            setAsking(false);
            onLowerAll();
          }}
        />
      )}
    </section>
  );
}

interface HandRowProps extends Pick<HandsQueueViewProps, 'onApprove' | 'onDecline'> {
  readonly person: Person;
  readonly place: number;
}

function HandRow({ person: { userId, name }, place, onApprove, onDecline }: HandRowProps) {
  const { t } = useTranslation();
  return (
    <li className={styles.row}>
      <span className={styles.place} aria-hidden="true">
        {place}
      </span>
      <Avatar userId={userId} name={name} className={styles.face} />
      <span className={styles.name} dir="auto">
        {name}
      </span>
      <Button
        size="sm"
        variant="primary"
        aria-label={t('hand.approve', { name })}
        title={t('hand.approve', { name })}
        onClick={() => onApprove(userId)}
      >
        {t('hand.approveShort')}
      </Button>
      <IconButton label={t('hand.decline', { name })} icon={<X size={19} />} onClick={() => onDecline(userId)} />
    </li>
  );
}
