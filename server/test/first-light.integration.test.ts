import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from './support/TestServer.ts';

describe('a room, from its creation to its end', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.create();
  });
  afterAll(async () => server.close());

  it('is created backstage by a host, goes live, is listened to, and ends', async () => {
    const { room, host } = await server.createRoom({ title: 'First light' });
    expect(host.self.role).toBe('host');
    expect(host.state.phase).toBe('backstage');
    const [listener] = await server.joinAll(room.id, 'lea');
    expect(listener?.self.role).toBe('listener');
    await host.produce();
    await host.request('room:goLive');
    await listener?.told('room:state', ({ phase }) => phase === 'live');
    await listener?.told('media:restart');
    const media = await listener?.request('media:start');
    expect(media?.consumers.map(({ userId }) => userId)).toEqual([null]);
    await host.told('room:pulse', ({ listeners }) => listeners === 1);
    await host.request('room:end');
    await listener?.told('closed', ({ reason }) => reason === 'ended');
    expect((await host.api.getRoom(room.id)).phase).toBe('ended');
  });
});
