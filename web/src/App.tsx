import { ApiClient } from '@tribune/shared/ApiClient.ts';
import { useState } from 'react';
import { Route, Router, Switch } from 'wouter';
import { basePath } from './client/basePath.ts';
import { loadSession } from './client/session.ts';
import { CrashBoundary } from './CrashBoundary.tsx';
import { ApiContext } from './hooks/useApi.ts';
import { AnnouncerProvider, lazyPart, NotifierProvider } from './ui/index.ts';

const HomePage = lazyPart(async () => (await import('./home/HomePage.tsx')).default);
const RoomPage = lazyPart(async () => (await import('./room/RoomPage.tsx')).default);
const ReplayPage = lazyPart(async () => (await import('./replay/ReplayPage.tsx')).default);
const ClipPage = lazyPart(async () => (await import('./replay/ClipPage.tsx')).default);
const FromStartPage = lazyPart(async () => (await import('./replay/FromStartPage.tsx')).default);

export function App() {
  const [api] = useState(() => new ApiClient(basePath, loadSession()?.token ?? null));
  return (
    <ApiContext value={api}>
      <AnnouncerProvider>
        <NotifierProvider>
          <CrashBoundary>
            <Router base={basePath}>
              <Switch>
                <Route path="/r/:id/replay">{({ id }) => <ReplayPage key={id} roomId={id} />}</Route>
                <Route path="/r/:id/clip/:clip">
                  {({ id, clip }) => <ClipPage key={clip} roomId={id} clipId={clip} />}
                </Route>
                <Route path="/r/:id/start">{({ id }) => <FromStartPage key={id} roomId={id} />}</Route>
                <Route path="/r/:id">{({ id }) => <RoomPage key={id} roomId={id} />}</Route>
                <Route>
                  <HomePage />
                </Route>
              </Switch>
            </Router>
          </CrashBoundary>
        </NotifierProvider>
      </AnnouncerProvider>
    </ApiContext>
  );
}
