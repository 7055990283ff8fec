import { useCallback } from 'react';
import { useLocation } from 'wouter';
import { loadSession } from '../../client/session.ts';
import { useApi } from '../../hooks/useApi.ts';
import { usePolled } from '../../hooks/usePolled.ts';
import { useRun } from '../../hooks/useRun.ts';
import { useSession } from '../../hooks/useSession.ts';
import { useTitle } from '../../hooks/useTitle.ts';
import type { WayOut } from '../../i18n/problems.ts';
import { lazyPart } from '../../ui/index.ts';
import { ClosedView } from '../endings/ClosedView.tsx';
import { EndedView } from '../endings/EndedView.tsx';
import { LobbyView } from './LobbyView.tsx';
import { LobbySkeleton, RoomSkeleton } from './RoomSkeleton.tsx';
import type { RoomEntry } from './useRoomEntry.ts';

const REFRESH_MS = 5000;

const ReplayPage = lazyPart(async () => (await import('../../replay/ReplayPage.tsx')).default);

/** Looks the room up and keeps what the lobby says about it fresh. */
export function Lobby({ roomId, entry }: { readonly roomId: string; readonly entry: RoomEntry }) {
  const api = useApi();
  const [, navigate] = useLocation();
  const session = useSession();
  const run = useRun();
  const room = usePolled(
    useCallback(() => api.getRoom(roomId), [api, roomId]),
    REFRESH_MS,
  );
  useTitle(room.kind === 'ready' ? room.value.title : '');
  if (room.kind === 'failed') {
    const handleWayOut = (way: WayOut) => (way === 'home' ? navigate('/') : room.retry());
    const closed = <ClosedView reason={room.problem} onWayOut={handleWayOut} />;
    // A room is forgotten after a day, and its recording is not.
    return room.problem === 'ROOM_NOT_FOUND' ? <ReplayPage roomId={roomId} otherwise={closed} /> : closed;
  }
  if (room.kind === 'ready' && room.value.phase === 'ended') {
    const ended = <EndedView room={{ ...room.value, isRecorded: false }} />;
    return room.value.isRecorded ? <ReplayPage roomId={roomId} otherwise={ended} /> : ended;
  }
  if (entry.entering && entry.name !== '') return <RoomSkeleton />;
  if (room.kind === 'loading') return <LobbySkeleton />;
  const { id, phase, isRecorded } = room.value;
  const hearFromStart = (name: string) =>
    void run(async () => {
      if (!session.isFor(name)) await session.signIn(name);
      navigate(`/r/${id}/start`);
    });
  return (
    <LobbyView
      room={room.value}
      isHost={loadSession()?.user.userId === room.value.host.userId}
      initialName={entry.name}
      entering={entry.entering}
      onEnter={entry.enter}
      onHearFromStart={phase === 'live' && isRecorded ? hearFromStart : undefined}
    />
  );
}
