import { BroadcastError } from '@tribune/shared/ApiClient.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from './support/TestServer.ts';

describe('the REST interface', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.create();
  });
  afterAll(async () => server.close());

  it('errors are application/problem+json with a code', async () => {
    const response = await fetch(`${server.origin}/api/rooms/no-such-room`);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(await response.json()).toMatchObject({ status: 404, code: 'ROOM_NOT_FOUND', title: 'Not Found' });
    const unreadable = await fetch(`${server.origin}/api/session`, {
      method: 'POST',
      body: '{',
      headers: { 'content-type': 'application/json' },
    });
    expect(await unreadable.json()).toMatchObject({ status: 400, code: 'INVALID_PAYLOAD' });
    expect((await fetch(`${server.origin}/api/nothing`)).status).toBe(404);
  });

  it('a session is needed to create a room and to get a ticket', async () => {
    for (const path of ['/api/rooms', '/api/rooms/whatever-id/tickets']) {
      const response = await fetch(server.origin + path, { method: 'POST' });
      expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([401, 'UNAUTHENTICATED']);
    }
  });

  it('a session keeps its id when it is renamed, and a foreign token starts someone new', async () => {
    const { api, userId } = await server.createApi('one');
    expect((await api.createSession('two')).user).toEqual({ userId, name: 'two' });
    const foreign = await fetch(`${server.origin}/api/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer nonsense' },
      body: '{"name":"three"}',
    });
    expect(foreign.status).toBe(201);
  });

  it('rooms with people in them are listed, live ones first', async () => {
    const { room: waiting } = await server.createRoom({ title: 'waiting', language: 'fr' });
    const { room: live, host } = await server.createRoom({ title: 'live' });
    await host.request('room:goLive');
    const rooms = await host.api.listRooms();
    expect(rooms.map(({ id }) => id)).toEqual([live.id, waiting.id]);
    expect(rooms[0]).toMatchObject({ title: 'live', phase: 'live', listeners: 0, speakers: [{ name: 'host' }] });
  });

  it('a room that has ended is not listed any more, from that moment on', async () => {
    const { room, host } = await server.createRoom({ title: 'short' });
    const listed = async () => (await host.api.listRooms()).map(({ id }) => id);
    await expect.poll(listed, { timeout: 3000 }).toContain(room.id);
    // Its card is in the list that every node reads.
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(await listed()).toContain(room.id);
    await host.request('room:end');
    expect(await listed()).not.toContain(room.id);
  });

  it('of very many rooms the list shows those with the largest audiences, and reads them once a second for everybody', async () => {
    const own = await TestServer.create();
    try {
      const { room } = await own.createRoom({ title: 'A real one' });
      const card = await own.server.rooms.describe(room.id);
      const ids = Array.from({ length: 1000 }, (_, n) => `elsewhere-${String(n).padStart(11, '0')}`);
      await own.ask(async (redis) => {
        const cards = ids.flatMap((id, n) => [id, JSON.stringify({ ...card, id, phase: 'live', listeners: n })]);
        await redis.hset('tribune:{index}:cards', ...cards);
        const soon = Date.now() + 60_000;
        await redis.zadd('tribune:{index}:shown', ...ids.flatMap((id) => [soon, id]));
      });
      const read = async () => (await fetch(`${own.origin}/api/rooms`)).json() as Promise<{ rooms: { id: string }[] }>;
      await expect.poll(async () => (await read()).rooms.length, { timeout: 4000 }).toBe(200);
      expect(new Set((await read()).rooms.map(({ id }) => id))).toEqual(new Set(ids.slice(-200)));
      const commands = async () =>
        own.ask(async (redis) => Number(/cmdstat_evalsha:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1]));
      const before = await commands();
      await Promise.all(Array.from({ length: 300 }, read));
      expect((await commands()) - before).toBeLessThan(100);
    } finally {
      await own.close();
    }
  });

  it('a ticket says what a client needs before it connects', async () => {
    const { room, host } = await server.createRoom();
    const answer = await host.api.createTicket(room.id);
    expect(answer).toMatchObject({ expiresInS: 60, url: null, role: 'host', iceServers: [] });
    expect(answer.rtpCapabilities.codecs?.map(({ mimeType }) => mimeType)).toEqual(['audio/opus']);
    const claims = JSON.parse(Buffer.from(answer.ticket.split('.')[1]!, 'base64url').toString()) as Record<
      string,
      unknown
    >;
    expect(claims).toMatchObject({ sub: host.userId, room: room.id, role: 'host' });
    expect(Number(claims.exp) - Number(claims.iat)).toBe(60);
    expect(claims.jti).toBeTruthy();
  });

  it('[HS11] of a broadcast, those who can hear it over HTTP get no ticket before they ask for a place', async () => {
    const { api: hostApi } = await server.createApi('Hanna');
    const room = await hostApi.createRoom({ title: 'For very many', broadcast: true });
    expect(room.isBroadcast).toBe(true);
    const { api } = await server.createApi('Leo');
    await expect(api.createTicket(room.id, {}, { hears: 'http' })).rejects.toThrow(BroadcastError);
    expect((await api.createTicket(room.id)).role).toBe('listener');
    expect((await hostApi.createTicket(room.id, {}, { hears: 'http' })).role).toBe('host');
  });

  it('metrics carry units in their names, and no room or person', async () => {
    const { room } = await server.createRoom();
    const { api } = await server.createApi('lost');
    await expect(api.createTicket('no-such-room-at-all')).rejects.toMatchObject({ code: 'ROOM_NOT_FOUND' });
    const text = await (await fetch(`${server.origin}/metrics`)).text();
    expect(text).toMatch(/^tribune_worker_cpu_seconds_total\{worker="0"\} [\d.]+$/m);
    expect(text).toMatch(/^tribune_worker_resident_memory_bytes\{worker="0"\} \d{6,}$/m);
    expect(text).toMatch(/^tribune_rooms \d+$/m);
    expect(text).toMatch(/^tribune_joins_total\{outcome="joined"\} \d+$/m);
    expect(text).toMatch(/^tribune_joins_total\{outcome="ROOM_NOT_FOUND"\} [1-9]\d*$/m);
    expect(text).toMatch(/^tribune_workers_alive 1$/m);
    expect(text).toMatch(/^tribune_build_info\{version="\d[^"]*",mediasoup="\d[^"]*"\} 1$/m);
    expect(text).toMatch(/^tribune_redis_up 1$/m);
    expect(text).toMatch(/^tribune_redis_round_trip_seconds_count [1-9]\d*$/m);
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds [\d.]+$/m);
    expect(text).not.toContain(room.id);
  });

  it('the page may load nothing from elsewhere', async () => {
    const policy = (await fetch(`${server.origin}/healthz`)).headers.get('content-security-policy');
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("script-src 'self'");
  });

  it('without Redis the server is alive, not ready, refuses with UNAVAILABLE, and is ready again when it is back', async () => {
    const own = await TestServer.create();
    try {
      const { room, host } = await own.createRoom();
      await host.produce();
      await own.stopRedis();
      expect((await fetch(`${own.origin}/healthz`)).status).toBe(200);
      await expect.poll(async () => (await fetch(`${own.origin}/readyz`)).status).toBe(503);
      expect(await host.refusal(host.request('room:goLive'))).toBe('UNAVAILABLE');
      expect(own.server.rooms.rooms.get(room.id)?.getPeer(host.userId)?.media?.producer?.closed).toBe(false);
      await own.startRedis();
      await expect.poll(async () => (await fetch(`${own.origin}/readyz`)).status, { timeout: 8000 }).toBe(200);
      await host.request('room:goLive');
    } finally {
      await own.close();
    }
  });

  it('a Redis that comes back older is taken as it is, and everyone takes it for newer', async () => {
    const own = await TestServer.create();
    try {
      const { room, host } = await own.createRoom();
      const [lea] = await own.joinAll(room.id, 'lea');
      await host.request('stage:invite', { userId: lea!.userId });
      await lea!.request('stage:accept');
      await lea!.produce();
      await lea!.request('stage:setMuted', { muted: false });
      await own.loseRedisData(room.id, 3);
      await host.request('stage:mute', { userId: lea!.userId });
      await lea!.until(() => lea!.member(lea!.userId)?.muted === true, 'the mute');
      expect(own.server.rooms.rooms.get(room.id)?.getPeer(lea!.userId)?.media?.producer?.paused).toBe(true);
    } finally {
      await own.close();
    }
  });
});
