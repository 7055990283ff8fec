import { ApiClient } from '@tribune/shared/ApiClient.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeWith, ScriptedServer, welcome } from '../../test/support/ScriptedServer.ts';
import { createGuard } from '../run/guard.ts';
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

/** Comes in, is sent away, and comes back past two connections that are closed before their welcome: more than a second. */
async function comeBack(): Promise<void> {
  const followed = Promise.withResolvers<void>();
  await createPeer(true, { onFollowed: () => followed.resolve() }).enter();
  server.script.push(closeWith('restarting'), closeWith('moved'));
  closeWith('restarting')(server.sockets.at(-1)!);
  await followed.promise;
}

const COME_BACK_TICKETS = 4;

describe('the connection of a simulated person', () => {
  it('is sought by one loop, also while connections are closed before their welcome', async () => {
    await comeBack();
    // Another loop that the first person left behind would ask for tickets while the second one comes back.
    await comeBack();
    expect(server.ticketsMs).toHaveLength(2 * COME_BACK_TICKETS);
    expect(server.sockets.filter(({ connected }) => connected)).toHaveLength(2);
  });

  it('is sought after longer and longer pauses, also while connections are closed before their welcome', async () => {
    await comeBack();
    const pausesMs = server.ticketsMs.map((atMs, index) => atMs - (server.ticketsMs[index - 1] ?? atMs));
    expect(pausesMs[2]).toBeGreaterThan(200);
    expect(pausesMs[3]).toBeGreaterThan(pausesMs[2]!);
  });

  it('is not sought further when the very first one is closed before its welcome: that is told to the caller', async () => {
    server.script.push(closeWith('moved'));
    await expect(createPeer(false).enter()).rejects.toMatchObject({ reason: 'socket:UNAVAILABLE' });
    await comeBack();
    expect(server.ticketsMs).toHaveLength(1 + COME_BACK_TICKETS);
  });

  it('is sought again when it is closed at the moment of its welcome', async () => {
    const followed = Promise.withResolvers<void>();
    await createPeer(true, { onFollowed: () => followed.resolve() }).enter();
    server.script.push((socket) => {
      welcome(socket);
      closeWith('restarting')(socket);
    });
    closeWith('restarting')(server.sockets[0]!);
    await followed.promise;
    await expect.poll(() => server.sockets.map(({ connected }) => connected)).toEqual([false, false, true]);
    await comeBack();
    expect(server.ticketsMs).toHaveLength(3 + COME_BACK_TICKETS);
  });
});
