import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestPeer } from './support/TestPeer.ts';
import { TestServer } from './support/TestServer.ts';

/** Redis loses a part of what it held: a key that was evicted or deleted, or everything while a node dies. */

/** Asks until it is granted, as people do. */
async function insist<T>(request: () => Promise<T>): Promise<T> {
  let granted!: T;
  await expect
    .poll(
      async () =>
        request().then(
          (answer) => {
            granted = answer;
            return 'granted';
          },
          (error: { code?: string }) => error.code ?? error,
        ),
      { timeout: 8000, interval: 200 },
    )
    .toBe('granted');
  return granted;
}

describe('a room on two nodes', () => {
  let home: TestServer;
  let other: TestServer;
  beforeAll(async () => {
    home = await TestServer.createFirstNode();
    other = await home.addNode();
  });
  afterAll(async () => {
    await other?.close();
    await home?.close();
  });

  it.each(['room', 'stage', 'hands', 'names', 'invites', 'bans', 'excluded', 'where', 'home', 'epoch'])(
    '[CL19] can be led, joined and ended, and keeps who is on stage and whose hand is up, though Redis loses its %s',
    async (key) => {
      const { room, host } = await home.createRoom();
      await host.request('room:goLive');
      const join = async (name: string): Promise<TestPeer> => {
        const peer = await other.createPeer(name);
        await insist(async () => other.admit(peer, room.id));
        return peer;
      };
      const [lea, max, ivy, troll] = [await join('lea'), await join('max'), await join('ivy'), await join('troll')];
      await lea.request('hand:raise');
      await max.request('hand:raise');
      await insist(async () => host.request('hand:approve', { userId: lea.userId }));
      await insist(async () => host.request('stage:invite', { userId: ivy.userId }));
      await insist(async () => host.request('peer:ban', { userId: troll.userId }));
      await max.told('room:pulse', ({ state }) => state?.stage.length === 2);

      expect(await home.ask(async (redis) => redis.del(`tribune:{${room.id}}:${key}`))).toBe(1);

      await insist(async () => host.request('room:lock', { locked: true }));
      const ann = await join('ann');
      expect(ann.state).toMatchObject({ phase: 'live', locked: true, handCount: 1 });
      expect(ann.state.stage.map(({ name }) => name)).toEqual(['host', 'lea']);
      await insist(async () => host.request('hand:approve', { userId: max.userId }));
      await insist(async () => ivy.request('stage:accept'));
      expect(await troll.refusal(troll.join(room.id))).toBe('BANNED');
      await insist(async () => host.request('room:end'));
      await ann.until(() => ann.disconnection === 'ended', 'the end');
    },
  );

  it('[CL19] is restored when a part of it is lost and nobody asks for anything', async () => {
    const { room } = await home.createRoom();
    const stage = `tribune:{${room.id}}:stage`;
    await home.ask(async (redis) => redis.del(stage));
    await expect.poll(async () => home.ask(async (redis) => redis.hlen(stage)), { timeout: 5000 }).toBe(1);
  });

  it('[CL19] is listed and counted though Redis loses the list of rooms', async () => {
    const { room, host } = await home.createRoom();
    await home.ask(async (redis) =>
      redis.del(...['open', 'creators', 'cards', 'shown', 'kept'].map((name) => `tribune:{index}:${name}`)),
    );
    const isListed = async () => (await host.api.listRooms()).some(({ id }) => id === room.id);
    await expect.poll(isListed, { timeout: 5000 }).toBe(true);
    const rank = async () => home.ask(async (redis) => redis.zscore('tribune:{index}:open', room.id));
    await expect.poll(rank, { timeout: 5000 }).not.toBeNull();
  });

  it('[CL20] remembers where people are for no longer than they are there', async () => {
    const short = await home.addNode({ STAGE_GRACE_S: '0.5' });
    const { room } = await home.createRoom();
    const where = `tribune:{${room.id}}:where`;
    const known = async (userId: string) => home.ask(async (redis) => redis.hget(where, userId));
    const lea = await short.createPeer('lea');
    await insist(async () => short.admit(lea, room.id));
    await expect.poll(async () => known(lea.userId), { timeout: 5000 }).not.toBeNull();
    lea.leave();
    await expect.poll(async () => known(lea.userId), { timeout: 5000 }).toBeNull();
    await short.close();
  });

  it('[CL21] somebody on stage who cannot reach the home stays where they are, listens, and follows the next home', async () => {
    const { room, host } = await home.createRoom();
    await host.request('room:goLive');
    const lea = await other.createPeer('lea');
    await insist(async () => other.admit(lea, room.id));
    await lea.request('hand:raise');
    await insist(async () => host.request('hand:approve', { userId: lea.userId }));
    await lea.until(() => lea.disconnection === 'moved', 'the move', 5000);

    lea.moveTo(other.origin);
    const ticket = await lea.api.createTicket(room.id, { avoid: home.origin });
    expect(ticket).toMatchObject({ url: other.origin, role: 'speaker' });
    const { media } = await lea.connect(ticket);
    lea.forget();
    // Several looks of the node at who belongs where.
    for (let pulses = 1; pulses <= 3; pulses++) {
      await lea.until(() => lea.all('room:pulse').length >= pulses, 'a pulse');
      expect(lea.disconnection).toBeNull();
    }
    const { consumers } = media.kind === 'none' ? await lea.request('media:start') : media;
    expect(consumers.map(({ userId }) => userId)).toEqual([null]);

    await home.server.rooms.rooms.get(room.id)!.release();
    await insist(async () => lea.request('transport:create'));
    expect(lea.disconnection).toBeNull();
  });
});

it('[CL19] a room that no node remembers and of which a part is lost has its host again, who can lead and end it', async () => {
  const server = await TestServer.create();
  const { room, host } = await server.createRoom();
  await host.request('room:goLive');
  await server.restart();
  // Nobody has it open by now.
  await server.server.close();
  await server.ask(async (redis) => redis.del(`tribune:{${room.id}}:stage`));
  await server.restart();
  await insist(async () => host.join(room.id));
  expect(host.self.role).toBe('host');
  await host.request('room:lock', { locked: true });
  await host.request('room:end');
  await server.close();
});

it('[CL22] a node that never had a room says no more than "not now" after Redis has lost everything and the home has died', async () => {
  const home = await TestServer.createFirstNode();
  const [second, third] = [await home.addNode(), await home.addNode()];
  const nodes = async () =>
    ((await (await fetch(`${third.origin}/cluster`)).json()) as { nodes: unknown[] }).nodes.length;
  await expect.poll(nodes, { timeout: 8000 }).toBe(3);
  const { room, host } = await home.createRoom();
  const lea = await second.createPeer('lea');
  await insist(async () => second.admit(lea, room.id));
  const max = await third.createPeer('max');

  // The home is gone without a word, and Redis with everything.
  const gone = home.server.rooms.rooms.get(room.id)!;
  gone.tick = async () => undefined;
  await home.flush();
  // Not even where the room is open.
  expect(await lea.refusal(lea.request('hand:raise'))).toBe('UNAVAILABLE');
  expect(await max.refusal(max.api.createTicket(room.id))).toBe('UNAVAILABLE');
  expect(await max.refusal(max.api.getRoom(room.id))).toBe('UNAVAILABLE');
  await insist(async () => max.api.createTicket(room.id));
  expect(await max.refusal(max.api.createTicket('nobody-made-this'))).toMatch(/UNAVAILABLE|ROOM_NOT_FOUND/);
  host.leave();
  await third.close();
  await second.close();
  await home.close();
});
