import { useCallback, useSyncExternalStore } from 'react';
import type { ConnectionState, RoomView } from '../state/types.ts';
import { useRoomClient } from './useRoomClient.ts';

function useSubscribe(): (listener: () => void) => () => void {
  const client = useRoomClient();
  return useCallback((listener) => client.subscribe(listener), [client]);
}

/**
 * One fact of the room; renders only when that fact changes, so `select` returns a part of the view and builds nothing new.
 * Only inside the room, where there is a view.
 */
export function useRoomState<T>(select: (view: RoomView) => T): T {
  const client = useRoomClient();
  return useSyncExternalStore(useSubscribe(), () => {
    const view = client.getView();
    if (!view) throw new Error('useRoomState needs a room that was entered: render it below <RoomScreen>');
    return select(view);
  });
}

/** False until the first welcome. */
export function useHasView(): boolean {
  const client = useRoomClient();
  return useSyncExternalStore(useSubscribe(), () => client.getView() !== null);
}

/** Known before the room is entered too. */
export function useConnection(): ConnectionState {
  const client = useRoomClient();
  return useSyncExternalStore(useSubscribe(), () => client.getConnection());
}
