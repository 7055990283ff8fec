import { ReconnectPolicy } from '@tribune/shared/ReconnectPolicy.ts';
import { afterEach, beforeEach, vi } from 'vitest';
import { RoomClient } from '../RoomClient.ts';
import { stubBrowser, type FakeBrowser } from './browser.ts';
import { FakeServer } from './FakeServer.ts';

interface TestRoom {
  readonly browser: FakeBrowser;
  readonly server: FakeServer;
  readonly client: RoomClient;
}

/** Lets everything that needs no time happen, then time pass. */
export const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

/** For each test of the file a browser, a server and a client that has not joined yet, and a clock that stands. */
export function setUpRoom(take: (room: TestRoom) => void, prepareBrowser?: () => void): void {
  let client: RoomClient;
  beforeEach(() => {
    vi.useFakeTimers();
    const browser = stubBrowser();
    prepareBrowser?.();
    const server = new FakeServer();
    vi.stubGlobal('fetch', server.fetch);
    const policy = new ReconnectPolicy(() => 0.5);
    client = new RoomClient({ roomId: 'room-1234', api: server.api, environment: server.environment, policy });
    take({ browser, server, client });
  });
  afterEach(async () => {
    client.leave();
    await pass(60_000);
    vi.useRealTimers();
    vi.unstubAllGlobals();
    localStorage.clear();
  });
}
