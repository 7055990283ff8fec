import { ApiClient } from '@tribune/shared/ApiClient.ts';
import type { RoomInfo } from '@tribune/shared/domain.ts';
import type { SessionResponse, TicketResponse } from '@tribune/shared/protocol.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { TestPeer } from './support/TestPeer.ts';
import { TestServer } from './support/TestServer.ts';

const CROWD = '198.51.100.1';
const HOME = '203.0.113.7';

const open: TestServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0).toReversed()) await server.close();
});

/** A node behind a proxy, with a configuration as an operator would have it but for `overrides`. */
async function start(overrides: Readonly<Record<string, string>> = {}): Promise<TestServer> {
  const server = await TestServer.createFirstNode({ TRUST_PROXY: '1', ...overrides });
  open.push(server);
  return server;
}

interface Answer<T> {
  readonly status: number;
  readonly retryAfterS: number | null;
  readonly body: T & { readonly code?: string };
}

/** One HTTP request from a network address. */
async function ask<T = object>(
  server: TestServer,
  address: string,
  path: string,
  { token, body }: { token?: string; body?: object } = {},
): Promise<Answer<T>> {
  const response = await fetch(server.origin + path, {
    method: body ? 'POST' : 'GET',
    headers: {
      'x-forwarded-for': address,
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(body ? { 'content-type': 'application/json' } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const retryAfter = response.headers.get('retry-after');
  return {
    status: response.status,
    retryAfterS: retryAfter === null ? null : Number(retryAfter),
    body: (await response.json()) as Answer<T>['body'],
  };
}

const askForSession = async (server: TestServer, address: string) =>
  ask<SessionResponse>(server, address, '/api/session', { body: { name: 'somebody' } });

async function createSession(server: TestServer, address: string): Promise<SessionResponse> {
  return (await askForSession(server, address)).body;
}

/** The code of the refusal of each, or `ok`. */
async function outcomesOf(count: number, request: (index: number) => Promise<Answer<object>>): Promise<string[]> {
  const outcomes = [];
  for (let i = 0; i < count; i++) {
    const { status, body } = await request(i);
    outcomes.push(status < 300 ? 'ok' : String(body.code));
  }
  return outcomes;
}

const times = (outcomes: readonly string[], wanted: string) => outcomes.filter((outcome) => outcome === wanted).length;

/** Somebody from a network address in a room. @throws with the code of a refusal */
async function join(server: TestServer, address: string, roomId: string): Promise<TestPeer> {
  const { token, user } = await createSession(server, address);
  const { status, body } = await ask<TicketResponse>(server, address, `/api/rooms/${roomId}/tickets`, {
    token,
    body: {},
  });
  if (status !== 201) throw Object.assign(new Error('refused'), { code: body.code ?? 'QUEUED' });
  const { origin } = server;
  const peer = new TestPeer('somebody', { api: new ApiClient(origin, token), userId: user.userId, token, origin });
  peer.address = address;
  await peer.connect(body);
  return peer;
}

/** So many from one address, until the first refusal. */
async function joinUntilRefused(server: TestServer, address: string, roomId: string, atMost: number) {
  const peers: TestPeer[] = [];
  for (let i = 0; i < atMost; i++) {
    try {
      peers.push(await join(server, address, roomId));
    } catch (error) {
      return { peers, refusal: (error as { code?: string }).code };
    }
  }
  return { peers, refusal: null };
}

const leaveAll = (peers: readonly TestPeer[]) => {
  for (const peer of peers) peer.leave();
};

describe('[AB16] what one network address may ask for', () => {
  it('is as much from two nodes as from one, and others do not notice', async () => {
    const first = await start({ PEOPLE_PER_ADDRESS: '10' });
    const second = await first.addNode();
    open.push(second);
    const outcomes = await outcomesOf(40, async (i) => askForSession(i % 2 ? first : second, CROWD));
    expect(times(outcomes, 'ok')).toBe(20);
    expect(times(outcomes, 'RATE_LIMITED')).toBe(20);
    const refused = await askForSession(first, CROWD);
    expect(refused.status).toBe(429);
    expect(refused.retryAfterS).toBeGreaterThan(0);
    expect(refused.retryAfterS).toBeLessThanOrEqual(60);
    for (const node of [first, second]) expect((await askForSession(node, HOME)).status).toBe(201);
  });

  it('counts a whole /64 as one address, and an IPv4 address however it is written', async () => {
    const server = await start({ PEOPLE_PER_ADDRESS: '5' });
    const hosts = await outcomesOf(12, async (i) => askForSession(server, `2001:db8:0:1::${i + 1}`));
    expect(times(hosts, 'ok')).toBe(10);
    expect((await askForSession(server, '2001:db8:0:2::1')).status).toBe(201);
    const spellings = await outcomesOf(12, async (i) => askForSession(server, i % 2 ? CROWD : `::ffff:${CROWD}`));
    expect(times(spellings, 'ok')).toBe(10);
  });

  it('is a rate of tickets', async () => {
    const server = await start({ PEOPLE_PER_ADDRESS: '4' });
    const { room, host } = await server.createRoom();
    const { token } = await createSession(server, CROWD);
    const askForTicket = async (address: string, as = token) =>
      ask(server, address, `/api/rooms/${room.id}/tickets`, { token: as, body: {} });
    const outcomes = await outcomesOf(24, async () => askForTicket(CROWD, host.token));
    expect(times(outcomes, 'ok')).toBe(20);
    expect(times(outcomes, 'RATE_LIMITED')).toBe(4);
    expect((await askForTicket(CROWD)).retryAfterS).toBeGreaterThan(0);
    expect((await askForTicket(HOME)).status).toBe(201);
  });

  it('is a pace at which people come in, and each who waits is told another time', async () => {
    const server = await start({ PEOPLE_PER_ADDRESS: '120', PER_ADDRESS_SHARE: '0.5' });
    const { room } = await server.createRoom();
    const sessions = await Promise.all(Array.from({ length: 40 }, async () => createSession(server, CROWD)));
    const answers = await Promise.all(
      sessions.map(async ({ token }) => ask(server, CROWD, `/api/rooms/${room.id}/tickets`, { token, body: {} })),
    );
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(25);
    expect(new Set(refused.map(({ retryAfterS }) => retryAfterS)).size).toBeGreaterThan(5);
    const { token } = await createSession(server, HOME);
    expect((await ask(server, HOME, `/api/rooms/${room.id}/tickets`, { token, body: {} })).status).toBe(201);
  });

  it('is a rate of reads of rooms that there are not; those that there are can be read meanwhile from elsewhere', async () => {
    const server = await start({ PEOPLE_PER_ADDRESS: '10' });
    const { room } = await server.createRoom();
    const known = await outcomesOf(30, async () => ask(server, CROWD, `/api/rooms/${room.id}`));
    expect(times(known, 'ok')).toBe(30);
    const unknown = await outcomesOf(30, async (i) => ask(server, CROWD, `/api/rooms/no-such-room-number-${i}`));
    expect(times(unknown, 'ROOM_NOT_FOUND')).toBe(10);
    expect(times(unknown, 'RATE_LIMITED')).toBe(20);
    for (const path of ['/live/no-such-room-at-all-1/state.json', '/api/recordings/no-such-room-at-all-1'])
      expect((await ask(server, CROWD, path)).body.code).toBe('RATE_LIMITED');
    expect((await ask(server, CROWD, `/live/${room.id}/state.json`)).status).toBe(200);
    expect((await ask(server, HOME, `/api/rooms/${room.id}`)).status).toBe(200);
  });

  it('is a number of rooms in an hour, which two nodes count together', async () => {
    const first = await start({ ROOMS_PER_ADDRESS_PER_HOUR: '3' });
    const second = await first.addNode();
    open.push(second);
    const create = async (node: TestServer, address: string) =>
      ask(node, address, '/api/rooms', {
        token: (await createSession(node, address)).token,
        body: { title: 'A room' },
      });
    const outcomes = await outcomesOf(5, async (i) => create(i % 2 ? first : second, CROWD));
    expect(times(outcomes, 'ok')).toBe(3);
    expect(times(outcomes, 'QUOTA_EXCEEDED')).toBe(2);
    expect((await create(first, HOME)).status).toBe(201);
  });

  it('holds while Redis is away, on each node by itself', async () => {
    const server = await start({ PEOPLE_PER_ADDRESS: '10' });
    await server.stopRedis();
    await expect.poll(async () => (await fetch(`${server.origin}/readyz`)).status).toBe(503);
    const outcomes = await outcomesOf(30, async () => askForSession(server, CROWD));
    expect(times(outcomes, 'ok')).toBe(20);
    expect(times(outcomes, 'RATE_LIMITED')).toBe(10);
    expect((await askForSession(server, HOME)).status).toBe(201);
  });
});

describe('[AB17] what one network address may hold', () => {
  it('is half of a room; people of other addresses get in', async () => {
    const server = await start({ ROOM_CAPACITY: '31', PER_ADDRESS_SHARE: '0.5' });
    const { room, host } = await server.createRoom();
    // One place is the host's.
    const crowd = await joinUntilRefused(server, CROWD, room.id, 60);
    expect(crowd.refusal).toBe('ROOM_FULL');
    expect(crowd.peers).toHaveLength(15);
    const others = await joinUntilRefused(server, HOME, room.id, 10);
    expect(others.peers).toHaveLength(10);
    leaveAll([...crowd.peers, ...others.peers, host]);
  });

  it('comes back with each person who leaves', async () => {
    const server = await start({ ROOM_CAPACITY: '21', PER_ADDRESS_SHARE: '0.5', STAGE_GRACE_S: '0.2' });
    const { room } = await server.createRoom();
    const crowd = await joinUntilRefused(server, CROWD, room.id, 60);
    expect(crowd.refusal).toBe('ROOM_FULL');
    leaveAll(crowd.peers.splice(0, 5));
    const again: TestPeer[] = [];
    await expect
      .poll(async () => again.push(...(await joinUntilRefused(server, CROWD, room.id, 5)).peers), { timeout: 8000 })
      .toBe(5);
    leaveAll([...crowd.peers, ...again]);
  });

  it('is a whole small room for a household, and any room for everybody where the share is 1', async () => {
    const server = await start({ ROOM_CAPACITY: '8', PER_ADDRESS_SHARE: '0.5' });
    const { room } = await server.createRoom();
    const { peers } = await joinUntilRefused(server, HOME, room.id, 10);
    expect(peers).toHaveLength(7);
    leaveAll(peers);
    const school = await start({ ROOM_CAPACITY: '20', PER_ADDRESS_SHARE: '1' });
    const { room: lesson } = await school.createRoom();
    const pupils = await joinUntilRefused(school, HOME, lesson.id, 30);
    expect(pupils.peers).toHaveLength(19);
    leaveAll(pupils.peers);
  });

  it('is never all places of a node, in however many rooms', async () => {
    const server = await start({ NODE_CAPACITY: '30', PER_ADDRESS_SHARE: '0.5' });
    const rooms = [await server.createRoom(), await server.createRoom()];
    const crowds = [];
    for (const { room } of rooms) crowds.push(await joinUntilRefused(server, CROWD, room.id, 12));
    expect(crowds.reduce((sum, { peers }) => sum + peers.length, 0)).toBe(15);
    expect((await joinUntilRefused(server, HOME, rooms[0]!.room.id, 3)).peers).toHaveLength(3);
  });

  it('is half of the raised hands', async () => {
    // Of the tickets of a second, too: there are enough for all of these people.
    const server = await start({ PER_ADDRESS_SHARE: '0.5', JOINS_PER_S: '10000' });
    const { room, host } = await server.createRoom();
    await host.request('room:goLive');
    const { peers } = await joinUntilRefused(server, CROWD, room.id, 110);
    expect(peers).toHaveLength(110);
    const outcomes = [];
    for (const peer of peers) outcomes.push(await peer.refusal(peer.request('hand:raise')));
    expect(times(outcomes, 'nothing was refused')).toBe(100);
    expect(times(outcomes, 'HANDS_FULL')).toBe(10);
    const guest = await join(server, HOME, room.id);
    await guest.request('hand:raise');
    // A hand that is lowered makes room for the next of its address.
    await peers[0]!.request('hand:lower');
    await peers.at(-1)!.request('hand:raise');
    leaveAll([...peers, guest]);
  });

  it('is half of all rooms, less where several addresses take what they can, and never the last ones', async () => {
    const server = await start({ MAX_ROOMS: '60', MAX_ROOMS_PER_USER: '2', PER_ADDRESS_SHARE: '0.5' });
    const create = async (address: string): Promise<Answer<RoomInfo>> => {
      const { token } = await createSession(server, address);
      return ask<RoomInfo>(server, address, '/api/rooms', { token, body: { title: 'A room' } });
    };
    expect(times(await outcomesOf(40, async () => create(CROWD)), 'ok')).toBe(30);
    const held = [];
    for (let address = 1; address <= 4; address++)
      held.push(times(await outcomesOf(40, async () => create(`192.0.2.${address}`)), 'ok'));
    expect(held).toEqual([15, 3, 2, 2]);
    expect((await create(CROWD)).body.code).toBe('QUOTA_EXCEEDED');
    expect((await create(HOME)).status).toBe(201);
  });
});

describe('[AB18] a connection without a ticket', () => {
  /** The Socket.IO packets that come back on a bare WebSocket, until it closes or `until` is among them. */
  async function talk(server: TestServer, packets: readonly string[], address = CROWD) {
    const socket = new WebSocket(`${server.origin.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`, {
      headers: { 'x-forwarded-for': address },
    } as never);
    const received: string[] = [];
    socket.addEventListener('message', ({ data }) => received.push(String(data)));
    const eventOf = async (name: 'open' | 'close') =>
      new Promise<string>((resolve) => socket.addEventListener(name, () => resolve(name), { once: true }));
    const closed = eventOf('close');
    const opened = (await Promise.race([eventOf('open'), closed])) === 'open';
    if (opened) for (const packet of packets) socket.send(packet);
    return { received, opened, closed, socket };
  }

  it('is refused before the rest of what it sends is looked at', async () => {
    const server = await start();
    const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
    const auth = `{"ticket":"nonsense","protocol":1,"instanceId":7,"rtpCapabilities":${deep}}`;
    const { received, socket } = await talk(server, [`40${auth}`]);
    await expect.poll(() => received.join('\n')).toContain('TICKET_INVALID');
    socket.close();
  });

  it('is closed when it asks for a namespace a second time', async () => {
    const server = await start();
    for (const second of ['40{"ticket":"nonsense","protocol":1}', '40/other,{}', '40/admin,']) {
      const { closed } = await talk(server, ['40{"ticket":"nonsense","protocol":1}', second]);
      await closed;
    }
    const { room } = await server.createRoom();
    expect((await joinUntilRefused(server, HOME, room.id, 1)).peers).toHaveLength(1);
  });

  it('is not even opened from an address that sent many of them', async () => {
    const server = await start({ PEOPLE_PER_ADDRESS: '5' });
    for (let i = 0; i < 20; i++) {
      const { socket, closed } = await talk(server, []);
      socket.close();
      await closed;
    }
    await expect.poll(async () => (await talk(server, [])).opened).toBe(false);
    const { opened, socket } = await talk(server, [], HOME);
    expect(opened).toBe(true);
    socket.close();
  });
});
