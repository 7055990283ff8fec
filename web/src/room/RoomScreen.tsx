import { useEffect } from 'react';
import { enterDirectly } from '../hooks/enteredRoom.ts';
import { useHands, usePhase, useRole, useRoomInfo } from '../hooks/roomFacts.ts';
import { useAnnouncements } from '../hooks/useAnnouncements.ts';
import { useMediaSession } from '../hooks/useMediaSession.ts';
import { useNotices } from '../hooks/useNotices.ts';
import { useConnection, useHasView } from '../hooks/useRoomState.ts';
import { useTitle } from '../hooks/useTitle.ts';
import { useWakeLock } from '../hooks/useWakeLock.ts';
import type { WayOut } from '../i18n/problems.ts';
import { ClosedView } from './endings/ClosedView.tsx';
import { EndingBanner } from './EndingBanner.tsx';
import { EndedView } from './endings/EndedView.tsx';
import { Invitation } from './dialogs/Invitation.tsx';
import { ListenPrompt } from './controls/ListenPrompt.tsx';
import { QueueView } from './entry/QueueView.tsx';
import { ReconnectBanner } from './ReconnectBanner.tsx';
import { RoomSkeleton } from './entry/RoomSkeleton.tsx';
import { RoomView } from './RoomView.tsx';
import { WaitingView } from './entry/WaitingView.tsx';

interface RoomScreenProps {
  readonly onWayOut: (way: WayOut) => void;
  /** The room was over before one was in: what there is to see of it is seen from outside. */
  readonly onTooLate?: () => void;
}

/** Which page of the room this is, by the state of the connection. */
export function RoomScreen({ onWayOut, onTooLate }: RoomScreenProps) {
  const connection = useConnection();
  const hasView = useHasView();
  const closed = connection.kind === 'closed';
  useEffect(() => {
    if (closed) enterDirectly(null);
  }, [closed]);
  const over = closed && (connection.reason === 'ended' || connection.reason === 'ROOM_ENDED');
  const isTooLate = over && !hasView;
  useEffect(() => {
    if (isTooLate) onTooLate?.();
  }, [isTooLate, onTooLate]);
  if (closed) {
    return over && hasView ? <EndedRoom /> : <ClosedView reason={connection.reason} onWayOut={onWayOut} />;
  }
  // Whoever hears the room meanwhile is in it.
  if (connection.kind === 'queued' && !hasView) return <QueueView {...connection} />;
  return hasView ? <Inside /> : <RoomSkeleton />;
}

function EndedRoom() {
  return <EndedView room={useRoomInfo()} />;
}

function Inside() {
  const room = useRoomInfo();
  const phase = usePhase();
  const role = useRole();
  const hands = useHands().length;
  // Whoever leads may be looking at another tab.
  useTitle(hands > 0 ? `(${hands}) ${room.title}` : room.title);
  useMediaSession({ title: room.title, artist: room.host.name });
  useWakeLock();
  useNotices();
  useAnnouncements();
  if (phase === 'ended') return <EndedRoom />;
  return (
    <>
      <ReconnectBanner />
      <EndingBanner />
      {phase === 'backstage' && role === 'listener' ? <WaitingView /> : <RoomView />}
      <ListenPrompt />
      <Invitation />
    </>
  );
}
