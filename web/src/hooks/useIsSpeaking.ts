import { useCallback, useSyncExternalStore } from 'react';
import { useRoomClient } from './useRoomClient.ts';

/** Is this person heard right now? A subscription of its own per tile. */
export function useIsSpeaking(userId: string): boolean {
  const client = useRoomClient();
  const subscribe = useCallback((listener: () => void) => client.subscribeSpeaking(userId, listener), [client, userId]);
  return useSyncExternalStore(subscribe, () => client.isSpeaking(userId));
}
