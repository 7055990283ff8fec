import { useCallback, useState } from 'react';
import { useApi } from '../hooks/useApi.ts';
import { usePolled } from '../hooks/usePolled.ts';
import { useTitle } from '../hooks/useTitle.ts';
import { lazyPart } from '../ui/index.ts';
import { HomeView } from './HomeView.tsx';

const REFRESH_MS = 10_000;

const CreateRoomDialog = lazyPart(async () => (await import('./CreateRoomDialog.tsx')).default);

export default function HomePage() {
  const api = useApi();
  const [creating, setCreating] = useState(false);
  const rooms = usePolled(
    useCallback(() => api.listRooms(), [api]),
    REFRESH_MS,
  );
  useTitle('');
  return (
    <>
      <HomeView rooms={rooms} onRetry={rooms.retry} onCreate={() => setCreating(true)} />
      {creating && <CreateRoomDialog onClose={() => setCreating(false)} />}
    </>
  );
}
