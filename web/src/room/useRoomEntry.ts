import { useCallback, useEffect, useRef, useState } from 'react';
import type { RoomClientApi } from '../client/types.ts';
import { enterDirectly, enteredRoom } from '../hooks/enteredRoom.ts';
import { useApi } from '../hooks/useApi.ts';
import { useRun } from '../hooks/useRun.ts';
import { useSession } from '../hooks/useSession.ts';
import { loadVolume } from '../settings/volume.ts';
import type { CreateRoomClient } from './loadRoomClient.ts';

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

/** The door between outside and inside: makes a client, joins with it, and leaves with the page. */
export function useRoomEntry(roomId: string, loadClient: () => Promise<CreateRoomClient>): RoomEntry {
  const api = useApi();
  const run = useRun();
  const { name, isFor, signIn } = useSession();
  // Decided once, when the page opens: entering makes it true for the next one.
  const [returns] = useState(() => enteredRoom() === roomId && name !== '');
  const [client, setClient] = useState<RoomClientApi | null>(null);
  const [entering, setEntering] = useState(returns);
  const create = useRef<CreateRoomClient | null>(null);

  const enter = useCallback(
    async (asName: string) => {
      setEntering(true);
      await run(async () => {
        // No `await` before `startPlayback()` if it can be helped: Safari forgets the click.
        create.current ??= await loadClient();
        const next = create.current(roomId, api);
        void next.startPlayback();
        next.setVolume(loadVolume());
        if (!isFor(asName)) await signIn(asName);
        enterDirectly(roomId);
        setClient(next);
        void next.join();
      });
      setEntering(false);
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

  useEffect(() => () => client?.leave(), [client]);

  const reset = useCallback(() => {
    enterDirectly(null);
    setClient(null);
  }, []);
  return { client, entering, name, enter: (asName) => void enter(asName), reset };
}
