import type { ApiClient } from '@tribune/shared/ApiClient.ts';
import { useCallback, useEffect, useRef, useState } from 'react';
import type { RoomClientApi } from '../../client/RoomClientApi.ts';
import { loadChunk } from '../../client/loadChunk.ts';
import { enterDirectly, enteredRoom } from '../../hooks/enteredRoom.ts';
import { useApi } from '../../hooks/useApi.ts';
import { useRun } from '../../hooks/useRun.ts';
import { useSession } from '../../hooks/useSession.ts';
import { loadVolume } from '../../settings/volume.ts';

export interface RoomEntry {
  /** Null while outside. */
  readonly client: RoomClientApi | null;
  readonly entering: boolean;
  /** Of an earlier visit. */
  readonly name: string;
  /** Call it inside a click: that click is what lets the browser play sound. */
  enter(name: string): void;
  /** Back to the lobby. */
  reset(): void;
}

type CreateRoomClient = (roomId: string, api: ApiClient) => RoomClientApi;

/** The part of the page that carries sound: fetched while the lobby is read. */
export async function loadRoomClient(): Promise<CreateRoomClient> {
  const { RoomClient } = await loadChunk(() => import('../../client/RoomClient.ts'), { attempts: 3 });
  return (roomId, api) => new RoomClient({ roomId, api });
}

/** The way from outside to inside: makes a client, joins with it, and leaves with the page. */
export function useRoomEntry(roomId: string, loadClient: typeof loadRoomClient): RoomEntry {
  const api = useApi();
  const run = useRun();
  const { name, isFor, signIn } = useSession();
  // Decided once, when the page opens: entering makes it true for the next one.
  const [returns] = useState(() => enteredRoom() === roomId && name !== '');
  const [client, setClient] = useState<RoomClientApi | null>(null);
  const [entering, setEntering] = useState(returns);
  const create = useRef<CreateRoomClient | null>(null);
  /** The way in that counts; null once the page is left. What an older one was waiting for comes to nothing. */
  const current = useRef<object | null>(null);

  const enter = useCallback(
    async (asName: string) => {
      const attempt = {};
      current.current = attempt;
      setEntering(true);
      await run(async () => {
        // No `await` before `startPlayback()` if it can be helped: Safari forgets the click.
        create.current ??= await loadClient();
        if (current.current !== attempt) return;
        const next = create.current(roomId, api);
        void next.startPlayback();
        next.setVolume(loadVolume());
        try {
          if (!isFor(asName)) await signIn(asName);
        } catch (error) {
          next.leave();
          throw error;
        }
        if (current.current !== attempt) return next.leave();
        enterDirectly(roomId);
        setClient(next);
        void next.join();
      });
      if (current.current === attempt) setEntering(false);
    },
    [roomId, api, run, isFor, signIn, loadClient],
  );

  useEffect(() => {
    const prefetched = loadClient().then((loaded) => {
      create.current ??= loaded;
    });
    // Entering asks again, and tells what went wrong.
    prefetched.catch(() => {});
  }, [loadClient]);

  const returned = useRef(false);
  useEffect(() => {
    if (!returns || returned.current) return;
    returned.current = true;
    void enter(name);
  }, [returns, name, enter]);

  useEffect(
    () => () => {
      current.current = null;
      returned.current = false;
    },
    [],
  );
  useEffect(() => () => client?.leave(), [client]);

  const reset = useCallback(() => {
    current.current = null;
    enterDirectly(null);
    setClient(null);
    setEntering(false);
  }, []);
  return { client, entering, name, enter: (asName) => void enter(asName), reset };
}
