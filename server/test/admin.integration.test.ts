import { ApiClient } from '@tribune/shared/ApiClient.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from './support/TestServer.ts';

const ADMIN_KEY = 'k'.repeat(32);

describe('the operator', () => {
  let server: TestServer;
  let operator: ApiClient;
  beforeAll(async () => {
    server = await TestServer.create({ ADMIN_KEY });
    operator = new ApiClient(server.origin, ADMIN_KEY);
  });
  afterAll(async () => server.close());

  it('can remove a host: somebody takes over, and without an heir the room ends', async () => {
    const { room, host } = await server.createRoom();
    const [grace] = await server.joinAll(room.id, 'Grace');
    await host.request('stage:invite', { userId: grace!.userId });
    await grace!.request('stage:accept');
    await operator.call('POST', `/api/admin/rooms/${room.id}/ban`, { userId: host.userId });
    await host.until(() => host.disconnection === 'banned');
    await grace!.until(() => grace!.self.role === 'host');
    expect(grace!.state.stage).toHaveLength(1);
    await operator.call('POST', `/api/admin/rooms/${room.id}/remove`, { userId: grace!.userId });
    await grace!.until(() => grace!.disconnection === 'ended');
    await expect(host.api.getRoom(room.id)).resolves.toMatchObject({ phase: 'ended' });
  });

  it('is refused in words where there is no such room, person, action or ban', async () => {
    const { room, host } = await server.createRoom();
    const path = `/api/admin/rooms/${room.id}`;
    const nobody = { userId: 'nobody-of-this-name' };
    await expect(operator.call('POST', `${path}/remove`, nobody)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(operator.call('POST', `${path}/unban`, nobody)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(operator.call('POST', `${path}/crown`, nobody)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(operator.call('POST', `${path}/ban`, {})).rejects.toMatchObject({ code: 'INVALID_PAYLOAD' });
    for (const id of ['no-such-room', '..%2F..', 'x'])
      await expect(operator.call('POST', `/api/admin/rooms/${id}/end`)).rejects.toMatchObject({
        code: 'ROOM_NOT_FOUND',
      });
    await operator.call('POST', `${path}/end`);
    await host.until(() => host.disconnection === 'ended');
    await expect(operator.call('POST', `${path}/end`)).rejects.toMatchObject({ code: 'ROOM_ENDED' });
  });
});
