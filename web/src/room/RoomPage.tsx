import { useCallback } from 'react';
import { useLocation } from 'wouter';
import { saveSession } from '../client/session.ts';
import { RoomClientContext } from '../hooks/useRoomClient.ts';
import type { WayOut } from '../i18n/problems.ts';
import { Lobby } from './entry/Lobby.tsx';
import { RoomScreen } from './RoomScreen.tsx';
import { loadRoomClient, useRoomEntry } from './entry/useRoomEntry.ts';

interface RoomPageProps {
  readonly roomId: string;
  readonly loadClient?: typeof loadRoomClient;
}

/** Outside or inside, and the ways between the two. */
export default function RoomPage({ roomId, loadClient = loadRoomClient }: RoomPageProps) {
  const entry = useRoomEntry(roomId, loadClient);
  const [, navigate] = useLocation();
  const { name, enter, reset } = entry;
  const takeWayOut = useCallback(
    (way: WayOut) => {
      reset();
      switch (way) {
        case 'rejoin':
        case 'takeOver':
          return enter(name);
        case 'signIn':
          return saveSession(null);
        case 'reload':
          return window.location.reload();
        case 'home':
          return navigate('/');
      }
    },
    [reset, enter, name, navigate],
  );
  if (!entry.client) return <Lobby roomId={roomId} entry={entry} />;
  return (
    <RoomClientContext value={entry.client}>
      <RoomScreen onWayOut={takeWayOut} onTooLate={reset} />
    </RoomClientContext>
  );
}
