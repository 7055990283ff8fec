import { ApiClient } from '@tribune/shared/ApiClient.ts';
import { cleanup, configure, render } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { Suspense, type ReactNode } from 'react';
import { afterEach, vi } from 'vitest';
import { ApiContext } from '../src/hooks/useApi.ts';
import { RoomClientContext } from '../src/hooks/useRoomClient.ts';
import { startI18n } from '../src/i18n/i18n.ts';
import { AnnouncerProvider, NotifierProvider } from '../src/ui/index.ts';
import type { FakeRoomClient } from './FakeRoomClient.ts';

/** What browsers have and jsdom has not. */
Element.prototype.hasPointerCapture ??= () => false;
Element.prototype.setPointerCapture ??= () => {};
Element.prototype.releasePointerCapture ??= () => {};
Element.prototype.scrollIntoView ??= () => {};
globalThis.ResizeObserver ??= class {
  observe() {}
  unobserve() {}
  disconnect() {}
};
window.matchMedia ??= (query) =>
  ({ matches: false, media: query, addEventListener() {}, removeEventListener() {} }) as unknown as MediaQueryList;

// A part that is fetched when it is first drawn takes longer than a second on a busy machine.
configure({ asyncUtilTimeout: 5000 });
afterEach(cleanup);
await startI18n('en');

/** Draws a view in English with all that surrounds it in the page. */
export function renderPage(view: ReactNode, api: ApiClient = new ApiClient('http://localhost')) {
  const user = userEvent.setup();
  const rendered = render(
    <ApiContext value={api}>
      <AnnouncerProvider>
        <NotifierProvider>
          <Suspense fallback={null}>{view}</Suspense>
        </NotifierProvider>
      </AnnouncerProvider>
    </ApiContext>,
  );
  return { user, ...rendered };
}

/** Draws a part of the room over a fake client. */
export function renderRoom(client: FakeRoomClient, view: ReactNode, api?: ApiClient) {
  return renderPage(<RoomClientContext value={client}>{view}</RoomClientContext>, api);
}

/** An action of the room that succeeds and remembers its calls. */
export function recorded() {
  return vi.fn<(...args: readonly unknown[]) => Promise<void>>(() => Promise.resolve());
}

/** Any other callback. */
export function called() {
  return vi.fn<(...args: readonly unknown[]) => void>();
}
