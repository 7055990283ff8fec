import {
  Ban,
  CloudOff,
  Copy,
  DoorOpen,
  MonitorX,
  RefreshCw,
  SearchX,
  TicketX,
  TriangleAlert,
  Unplug,
  UserX,
  UsersRound,
  WifiOff,
  type LucideIcon,
} from 'lucide-react';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { WAYS_OUT, type Problem, type WayOut } from '../../i18n/problems.ts';
import { Button, PageHeader } from '../../ui/index.ts';
import styles from './ClosedView.module.css';

const ICONS: Readonly<Partial<Record<Problem, LucideIcon>>> = {
  left: DoorOpen,
  replaced: Copy,
  removed: UserX,
  banned: Ban,
  BANNED: Ban,
  ROOM_NOT_FOUND: SearchX,
  ROOM_FULL: UsersRound,
  TICKET_EXPIRED: TicketX,
  TICKET_INVALID: TicketX,
  TICKET_USED: TicketX,
  CLIENT_TOO_OLD: RefreshCw,
  SERVER_TOO_OLD: RefreshCw,
  restarting: RefreshCw,
  UNAVAILABLE: CloudOff,
  offline: WifiOff,
  socketBlocked: Unplug,
  unsupported: MonitorX,
};

interface ClosedViewProps {
  readonly reason: Problem;
  readonly onWayOut: (way: WayOut) => void;
}

/** Why one is outside, and the one thing to do about it. */
export function ClosedView({ reason, onWayOut }: ClosedViewProps) {
  const { t } = useTranslation();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const way = isClosedReason(reason) ? WAYS_OUT[reason] : 'rejoin';
  const Icon = ICONS[reason] ?? TriangleAlert;
  return (
    <div className={styles.page}>
      <PageHeader />
      <main className={styles.main}>
        <span className={styles.icon} aria-hidden="true">
          <Icon size={40} strokeWidth={1.8} />
        </span>
        <h1 ref={heading} tabIndex={-1} className={styles.title}>
          {t(`problems.${reason}.title`)}
        </h1>
        <p className={styles.next}>{t(`problems.${reason}.next`)}</p>
        <div className={styles.buttons}>
          <Button variant="primary" size="lg" onClick={() => onWayOut(way)}>
            {t(`action.${way}`)}
          </Button>
          {way !== 'home' && (
            <Button variant="ghost" size="lg" onClick={() => onWayOut('home')}>
              {t('action.home')}
            </Button>
          )}
        </div>
      </main>
    </div>
  );
}

function isClosedReason(reason: Problem): reason is keyof typeof WAYS_OUT {
  return reason in WAYS_OUT;
}
