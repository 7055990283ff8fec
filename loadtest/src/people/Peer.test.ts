import { ApiClient } from '@tribune/shared/ApiClient.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeWith, ScriptedServer, welcome } from '../../test/support/ScriptedServer.ts';
import { createGuard } from '../guard.ts';
import { Peer, type PeerHandlers } from './Peer.ts';

let server: ScriptedServer;
let peers: Peer[];

beforeEach(async () => {
  peers = [];
  server = await ScriptedServer.create();
});

afterEach(async () => {
  for (const peer of peers) peer.close();
  await server.close();
});

function createPeer(follows: boolean, handlers: PeerHandlers = {}): Peer {
  const { origin } = server;
  const api = new ApiClient(origin);
  const peer = new Peer({ name: 'someone', api, origin, roomId: 'room', guard: createGuard(false), follows }, handlers);
  peers.push(peer);
  return peer;
}

/** Comes in, is sent away, and comes back past two connections that are closed before their welcome: that takes a while. */
async function comeBack(): Promise<void> {
  const followed = Promise.withResolvers<void>();
  await createPeer(true, { onFollowed: () => followed.resolve() }).enter();
  server.script.push(closeWith('moved'), closeWith('moved'));
  closeWith('moved')(server.sockets.at(-1)!);
  await followed.promise;
}

const COME_BACK_TICKETS = 4;

describe('the connection of a simulated person', () => {
  it('is sought by one loop, also while connections are closed before their welcome', async () => {
    await comeBack();
    // Another loop that the first person left behind would ask for tickets while the second one comes back.
    await comeBack();
    expect(server.tickets).toHaveLength(2 * COME_BACK_TICKETS);
    expect(server.sockets.filter(({ connected }) => connected)).toHaveLength(2);
  });

  it('is sought by one loop when the very first one is closed before its welcome because the room moves', async () => {
    server.script.push(closeWith('moved'));
    await createPeer(false).enter();
    await comeBack();
    expect(server.tickets).toHaveLength(2 + COME_BACK_TICKETS);
  });

  it('is sought again when it is closed at the moment of its welcome', async () => {
    const followed = Promise.withResolvers<void>();
    await createPeer(true, { onFollowed: () => followed.resolve() }).enter();
    server.script.push((socket) => {
      welcome(socket);
      closeWith('moved')(socket);
    });
    closeWith('moved')(server.sockets[0]!);
    await followed.promise;
    await expect.poll(() => server.sockets.map(({ connected }) => connected)).toEqual([false, false, true]);
    await comeBack();
    expect(server.tickets).toHaveLength(3 + COME_BACK_TICKETS);
  });

  it('is not sought again by someone who does not follow, and the reason is told', async () => {
    const lost = Promise.withResolvers<string>();
    await createPeer(false, { onLost: ({ reason }) => lost.resolve(reason) }).enter();
    closeWith('restarting')(server.sockets[0]!);
    expect(await lost.promise).toBe('socket:restarting');
  });

  it('is lost without a word when the cable is pulled', async () => {
    const lost = Promise.withResolvers<string>();
    await createPeer(false, { onLost: ({ reason }) => lost.resolve(reason) }).enter();
    server.sockets[0]!.conn.close();
    expect(await lost.promise).toBe('socket:lost');
  });

  it('can be cut on purpose, and comes back at once', async () => {
    const peer = createPeer(false, { onLost: () => expect.unreachable() });
    await peer.enter();
    expect(await peer.reconnect()).toBe('none');
    expect(server.tickets).toHaveLength(2);
  });

  it('fails with the reason of the refusal at the entrance', async () => {
    server.script.push(closeWith('restarting'));
    await expect(createPeer(false).enter()).rejects.toMatchObject({ reason: 'socket:UNAVAILABLE' });
  });
});
