import type { ApiClient } from '@tribune/shared/ApiClient.ts';
import type { RoomClientApi } from '../client/types.ts';

export type CreateRoomClient = (roomId: string, api: ApiClient) => RoomClientApi;

/** The part of the page that carries sound: fetched while the lobby is read. */
export async function loadRoomClient(): Promise<CreateRoomClient> {
  const { RoomClient } = await import('../client/RoomClient.ts');
  return (roomId, api) => new RoomClient({ roomId, api });
}
