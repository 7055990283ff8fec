import { createContext, useContext } from 'react';
import type { RoomClientApi } from '../client/RoomClientApi.ts';

/** Carries the client object and nothing of its state. */
export const RoomClientContext = createContext<RoomClientApi | null>(null);

/** @param client overrides the one of the context. */
export function useRoomClient(client?: RoomClientApi): RoomClientApi {
  const fromContext = useContext(RoomClientContext);
  const found = client ?? fromContext;
  if (!found) throw new Error('useRoomClient needs a <RoomClientContext value={client}> above it, or a client');
  return found;
}
