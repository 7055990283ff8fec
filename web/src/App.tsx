import { ApiClient } from '@tribune/shared/ApiClient.ts';
import { lazy, Suspense, useState } from 'react';
import { Route, Switch } from 'wouter';
import { loadSession } from './client/session.ts';
import { CrashBoundary } from './CrashBoundary.tsx';
import { ApiContext } from './hooks/useApi.ts';
import { AnnouncerProvider, NotifierProvider } from './ui/index.ts';

const HomePage = lazy(() => import('./home/HomePage.tsx'));
const RoomPage = lazy(() => import('./room/RoomPage.tsx'));

export function App() {
  const [api] = useState(() => new ApiClient('', loadSession()?.token ?? null));
  return (
    <ApiContext value={api}>
      <AnnouncerProvider>
        <NotifierProvider>
          <CrashBoundary>
            <Suspense fallback={null}>
              <Switch>
                <Route path="/r/:id">{({ id }) => <RoomPage key={id} roomId={id} />}</Route>
                <Route>
                  <HomePage />
                </Route>
              </Switch>
            </Suspense>
          </CrashBoundary>
        </NotifierProvider>
      </AnnouncerProvider>
    </ApiContext>
  );
}
