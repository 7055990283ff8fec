import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ApiError } from '@tribune/shared/ApiClient.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { Tokens } from '../src/auth/Tokens.ts';
import { TestPeer } from './support/TestPeer.ts';
import { fakeDtlsParameters } from './support/rtpParameters.ts';
import { TestServer } from './support/TestServer.ts';

describe('abuse', () => {
  let server: TestServer;
  let roomId: string;
  let host: TestPeer;
  let mallory: TestPeer;
  beforeAll(async () => {
    server = await TestServer.create();
  });
  afterAll(async () => server.close());
  beforeEach(async () => {
    ({
      room: { id: roomId },
      host,
    } = await server.createRoom());
    [mallory] = (await server.joinAll(roomId, 'mallory')) as [TestPeer];
  });

  /** Sends whatever, past the types; the code of the refusal. */
  async function send(peer: TestPeer, event: string, ...args: unknown[]): Promise<string> {
    const ack = (await peer.socket.timeout(3000).emitWithAck(event, ...args)) as { error?: { code: string } };
    return ack.error?.code ?? 'ok';
  }

  it('[AB1] payloads of another shape are refused: missing, excess, wrong, deep or huge', async () => {
    const payloads = [
      {},
      null,
      7,
      'x',
      [],
      { userId: 7 },
      { userId: host.userId, extra: true },
      { userId: '../../etc' },
      { userId: 'x'.repeat(50_000) },
    ];
    for (const payload of payloads) expect(await send(host, 'stage:invite', payload)).toBe('INVALID_PAYLOAD');
    const deep = JSON.parse('{"a":'.repeat(500) + '1' + '}'.repeat(500)) as object;
    const transport = await host.request('transport:create');
    const blobs = [
      deep,
      { fingerprints: Array.from({ length: 20_000 }, () => 1) },
      { role: 'y'.repeat(5000) },
      [],
      null,
    ];
    for (const dtlsParameters of blobs) {
      expect(await send(host, 'transport:connect', { transportId: transport.id, dtlsParameters })).toBe(
        'INVALID_PAYLOAD',
      );
    }
  });

  it('[AB2] keys that reach for a prototype are refused, and nothing is polluted', async () => {
    const { id: transportId } = await host.request('transport:create');
    const polluting = [
      '{"__proto__":{"polluted":true}}',
      '{"constructor":{"prototype":{"polluted":true}}}',
      '{"fingerprints":[{"__proto__":{"polluted":true}}]}',
    ];
    for (const json of polluting) {
      const dtlsParameters: unknown = JSON.parse(json);
      expect(await send(host, 'transport:connect', { transportId, dtlsParameters })).toBe('INVALID_PAYLOAD');
      expect(await send(host, 'stage:invite', JSON.parse(json))).toBe('INVALID_PAYLOAD');
    }
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect(await send(host, 'transport:connect', { transportId, dtlsParameters: fakeDtlsParameters() })).toBe('ok');
  });

  it('[AB3] a message over 64 kB ends the connection of its sender and of nobody else', async () => {
    mallory.socket.emit('hand:raise', { x: 'x'.repeat(100_000) });
    await mallory.until(() => mallory.disconnection !== null);
    expect(await host.request('room:snapshot')).toBeTruthy();
  });

  it('[AB4] requests without a callback, unknown events and names of Object are survived', async () => {
    mallory.socket.emit('hand:raise');
    mallory.socket.emit('hand:raise', {}, {}, {});
    mallory.socket.emit('no:such', {});
    // Nobody listens for it, and an emitter throws where nobody does.
    mallory.socket.emit('error', {});
    mallory.socket.emit('constructor', {});
    mallory.socket.emit('toString', {});
    expect(await mallory.request('room:snapshot')).toBeTruthy();
  });

  it('[AB5] a flood of requests is refused, then the socket is closed; the room does not notice', async () => {
    const codes = Array.from({ length: 2000 }, async () =>
      mallory.refusal(mallory.request('reaction:send', { kind: 'heart' })),
    );
    await mallory.told('closed', ({ reason }) => reason === 'abuse');
    await mallory.until(() => mallory.disconnection === 'abuse');
    const pulse = host.all('room:pulse').reduce((sum, { reactions }) => sum + (reactions?.heart ?? 0), 0);
    expect(pulse).toBeLessThanOrEqual(12);
    expect(await host.request('room:snapshot')).toBeTruthy();
    await host.told('room:pulse', ({ listeners }) => listeners === 0);
    await Promise.allSettled(codes);
  });

  it('[AB11] a request that is no WebSocket on the path of the sockets is refused, and kills nothing', async () => {
    for (const path of [
      '/socket.io/?EIO=4&transport=polling',
      '/socket.io/',
      '/socket.io/?EIO=4&transport=websocket',
    ]) {
      expect((await fetch(server.origin + path)).status).toBe(400);
    }
    expect((await fetch(`${server.origin}/healthz`)).status).toBe(200);
    expect(await host.request('room:snapshot')).toBeTruthy();
  });

  it('[AB12] a person has a few connections at once, and no more', async () => {
    const { api, userId, token } = await server.createApi('many');
    const codes = [];
    for (let count = 0; count < 9; count++) {
      const { room } = await server.createRoom();
      const tab = new TestPeer('many', { api, userId, token, origin: server.origin });
      codes.push(await tab.refusal(tab.join(room.id)));
    }
    expect(codes).toEqual([...Array.from({ length: 8 }, () => 'nothing was refused'), 'QUOTA_EXCEEDED']);
  });

  it('[AB13] a stampede is let in at a bounded rate, the others are told when to come back, and the stage passes', async () => {
    const own = await TestServer.create({ JOINS_PER_S: '5' });
    try {
      const { room, host: ownHost } = await own.createRoom();
      const crowd = await Promise.all(Array.from({ length: 20 }, async (_, i) => own.createApi(`crowd ${i}`)));
      const asked = await Promise.allSettled(crowd.map(async ({ api }) => api.createTicket(room.id)));
      const refused = asked.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason as ApiError);
      expect(refused.length).toBeGreaterThanOrEqual(10);
      for (const { code, retryAfterS } of refused) expect([code, retryAfterS]).toEqual(['RATE_LIMITED', 2]);
      expect((await ownHost.api.createTicket(room.id)).role).toBe('host');
      await sleep(2000);
      expect((await crowd[0]!.api.createTicket(room.id)).role).toBe('listener');
    } finally {
      await own.close();
    }
  });

  it('[AB15] holders of tickets who connect all at once are let in at a bounded rate, and the others keep their tickets', async () => {
    const SECRET = 'a secret that only this test knows, long enough';
    const own = await TestServer.create({ JOINS_PER_S: '2', SECRET, NODE_ID: 'own' });
    try {
      const { room, host: ownHost } = await own.createRoom();
      const answer = await ownHost.api.createTicket(room.id);
      const crowd = await Promise.all(Array.from({ length: 12 }, async (_, i) => own.createPeer(`crowd ${i}`)));
      const tickets = crowd.map((peer) => ({
        ...answer,
        ticket: new Tokens(SECRET).signTicket(peer, { room: room.id, role: 'listener', node: 'own', paced: true }),
      }));
      const codes = await Promise.all(crowd.map(async (peer, i) => peer.refusal(peer.connect(tickets[i]!))));
      const refused = codes.flatMap((code, i) => (code === 'RATE_LIMITED' ? [i] : []));
      expect(refused.length).toBeGreaterThanOrEqual(6);
      expect(codes.filter((code) => code === 'nothing was refused').length).toBeGreaterThanOrEqual(4);
      await sleep(2000);
      await crowd[refused[0]!]!.connect(tickets[refused[0]!]!);
    } finally {
      await own.close();
    }
  });

  it('[AB6] ids cannot be guessed: 126 random bits', async () => {
    expect(roomId).toMatch(/^[\w-]{21}$/);
  });

  it('[AB7] a person hosts a few rooms at once, and no more when they ask for many together', async () => {
    const { api } = await server.createApi('builder');
    const asked = await Promise.allSettled(Array.from({ length: 10 }, async () => api.createRoom({ title: 'mine' })));
    const rooms = asked.filter((outcome) => outcome.status === 'fulfilled').map((outcome) => outcome.value);
    expect(rooms).toHaveLength(3);
    await api.endRoom(rooms[0]!.id);
    await expect
      .poll(async () =>
        api.createRoom({ title: 'again' }).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
  });

  it('[AB8] ending a room over REST takes the host', async () => {
    expect(await mallory.refusal(mallory.api.endRoom(roomId))).toBe('NOT_ALLOWED');
    await host.api.endRoom(roomId);
  });

  it('[AB9] names and titles are cleaned of control characters, bounded, and never empty', async () => {
    const { api } = await server.createApi('x');
    const { user } = await api.createSession('  A\u0000\u202E\n B  ');
    expect(user.name).toBe('A B');
    await expect(api.createSession('\u200B ')).rejects.toMatchObject({ code: 'INVALID_PAYLOAD' });
    await expect(api.createSession('x'.repeat(41))).rejects.toMatchObject({ code: 'INVALID_PAYLOAD' });
    await expect(api.createRoom({ title: ' ' })).rejects.toMatchObject({ code: 'INVALID_PAYLOAD' });
    await expect(api.createRoom({ title: 'x', speakerLimit: 1000 })).rejects.toMatchObject({ code: 'INVALID_PAYLOAD' });
  });
});
