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
import { useTranslation } from 'react-i18next';
import { WAYS_OUT, type Problem, type WayOut } from '../../i18n/problems.ts';
import { Button, EndingPage, EndingText } from '../../ui/index.ts';

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
  const way = isClosedReason(reason) ? WAYS_OUT[reason] : 'rejoin';
  return (
    <EndingPage
      icon={ICONS[reason] ?? TriangleAlert}
      title={t(`problems.${reason}.title`)}
      buttons={
        <>
          <Button variant="primary" size="lg" onClick={() => onWayOut(way)}>
            {t(`action.${way}`)}
          </Button>
          {way !== 'home' && (
            <Button variant="ghost" size="lg" onClick={() => onWayOut('home')}>
              {t('action.home')}
            </Button>
          )}
        </>
      }
    >
      <EndingText>{t(`problems.${reason}.next`)}</EndingText>
    </EndingPage>
  );
}

function isClosedReason(reason: Problem): reason is keyof typeof WAYS_OUT {
  return reason in WAYS_OUT;
}
