import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TestPeer } from './support/TestPeer.ts';
import { TestServer } from './support/TestServer.ts';

/** Muting, removing and banning work at once, whatever Redis says, and are written when it is back. */

interface Trouble {
  readonly name: string;
  begin(server: TestServer): Promise<unknown>;
  end(server: TestServer): Promise<unknown>;
}

const TROUBLES: readonly Trouble[] = [
  { name: 'stopped', begin: async (server) => server.stopRedis(), end: async (server) => server.startRedis() },
  {
    name: 'frozen',
    begin: async (server) => server.ask(async (redis) => redis.call('CLIENT', 'PAUSE', '6000', 'ALL')),
    // It thaws by itself.
    end: async () => undefined,
  },
  {
    name: 'a replica',
    begin: async (server) => server.ask(async (redis) => redis.call('REPLICAOF', '127.0.0.1', '1')),
    end: async (server) => server.ask(async (redis) => redis.call('REPLICAOF', 'NO', 'ONE')),
  },
  {
    name: 'without the replicas that it wants',
    begin: async (server) => server.ask(async (redis) => redis.config('SET', 'min-replicas-to-write', '1')),
    end: async (server) => server.ask(async (redis) => redis.config('SET', 'min-replicas-to-write', '0')),
  },
];

describe('a live room on two nodes', () => {
  let home: TestServer;
  let other: TestServer;
  let roomId: string;
  let host: TestPeer;
  beforeEach(async () => {
    home = await TestServer.createFirstNode();
    other = await home.addNode();
    const { room, host: someone } = await home.createRoom();
    [roomId, host] = [room.id, someone];
    await host.request('room:goLive');
  });
  afterEach(async () => {
    await other?.close();
    await home?.close();
  });

  async function comeOnStage(name: string): Promise<TestPeer> {
    const peer = await home.createPeer(name);
    await home.admit(peer, roomId);
    await peer.request('hand:raise');
    await host.request('hand:approve', { userId: peer.userId });
    await peer.request('stage:setMuted', { muted: false });
    await peer.produce(1000 + name.length);
    return peer;
  }

  const producerOf = ({ userId }: TestPeer) =>
    home.server.rooms.rooms.get(roomId)?.getPeer(userId)?.media?.producer ?? null;

  async function storedStage(): Promise<{ userId: string; muted: boolean }[]> {
    const members = await home.ask(async (redis) => redis.hvals(`tribune:{${roomId}}:stage`));
    return members.map((json) => JSON.parse(json) as { userId: string; muted: boolean });
  }

  it.each(TROUBLES)(
    '[MU4] a voice is cut and a person sent away at once while Redis is $name, and it is written when Redis is back',
    async ({ name, begin, end }) => {
      const [bob, evelyn] = [await comeOnStage('bob'), await comeOnStage('evelyn')];
      expect(producerOf(bob)?.paused).toBe(false);
      await begin(home);

      const asked = performance.now();
      await host.request('stage:mute', { userId: bob.userId });
      expect(performance.now() - asked).toBeLessThan(1500);
      expect(producerOf(bob)?.paused).toBe(true);
      expect(await bob.told('self:changed', ({ cause }) => cause === 'muted')).toMatchObject({ by: 'host' });
      await host.request('peer:ban', { userId: evelyn.userId });
      await evelyn.until(() => evelyn.disconnection === 'banned', 'the ban', 1500);
      // A Redis that is frozen does what it is asked once it thaws.
      const unmute = async () => bob.refusal(bob.request('stage:setMuted', { muted: false }));
      expect(name === 'frozen' || (await unmute())).toBe(name === 'frozen' || 'UNAVAILABLE');
      expect(host.member(bob.userId)?.muted).toBe(true);

      await end(home);
      const expected = [host.userId, bob.userId].map((userId) => ({ userId, muted: true }));
      await expect
        .poll(async () => (await storedStage()).map(({ userId, muted }) => ({ userId, muted })), { timeout: 12_000 })
        .toEqual(expect.arrayContaining(expected));
      await expect.poll(async () => (await storedStage()).length, { timeout: 5000 }).toBe(2);
      await expect.poll(async () => evelyn.refusal(evelyn.join(roomId)), { timeout: 10_000 }).toBe('BANNED');
      await expect
        .poll(async () => bob.refusal(bob.request('stage:setMuted', { muted: false })), { timeout: 5000 })
        .toBe('nothing was refused');
      await expect.poll(() => producerOf(bob)?.paused).toBe(false);
      await host.until(() => host.member(bob.userId)?.muted === false, 'the voice');
    },
  );

  it('[MU4] a removal holds on the other nodes as soon as they hear of it, though Redis takes no writes', async () => {
    const lea = await other.createPeer('lea');
    await other.admit(lea, roomId);
    const isKnown = async () => (await host.api.getRoom(roomId)).listeners;
    await expect.poll(isKnown, { timeout: 5000 }).toBe(1);
    await home.ask(async (redis) => redis.config('SET', 'min-replicas-to-write', '1'));
    await host.request('peer:remove', { userId: lea.userId });
    await lea.until(() => lea.disconnection === 'removed', 'the removal', 3000);
    await home.ask(async (redis) => redis.config('SET', 'min-replicas-to-write', '0'));
  });
});
