import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestPeer } from './support/TestPeer.ts';
import { TestServer } from './support/TestServer.ts';

describe('two nodes', () => {
  let home: TestServer;
  let other: TestServer;
  beforeAll(async () => {
    home = await TestServer.createFirstNode({ LEADERLESS_ROOM_S: '6' });
    other = await home.addNode();
  });
  afterAll(async () => {
    await other?.close();
    await home?.close();
  });

  async function openRoom(): Promise<{ roomId: string; host: TestPeer }> {
    const { room, host } = await home.createRoom();
    await host.request('room:goLive');
    return { roomId: room.id, host };
  }

  async function listen(node: TestServer, roomId: string, name: string): Promise<TestPeer> {
    const peer = await node.createPeer(name);
    await node.admit(peer, roomId);
    return peer;
  }

  it('[PR7] a live room that nobody can lead ends, and says so to everyone before; a host who is back in time goes on', async () => {
    const { roomId, host } = await openRoom();
    const lea = await listen(other, roomId, 'lea');
    const max = await listen(home, roomId, 'max');
    host.leave();
    for (const listener of [lea, max]) {
      const { endsInS } = await listener.told('room:pulse', (pulse) => pulse.endsInS !== undefined);
      expect(endsInS).toBeGreaterThan(0);
      expect(endsInS).toBeLessThanOrEqual(6);
    }
    await host.join(roomId);
    lea.forget();
    await lea.told('room:pulse', (pulse) => pulse.endsInS === undefined);
    host.leave();
    await lea.until(() => lea.disconnection === 'ended', 'the end', 12_000);
    await max.until(() => max.disconnection === 'ended', 'the end');
  });

  it('[PR7] a room that is not live waits for its host, however long', async () => {
    const { room, host } = await home.createRoom();
    const lea = await listen(other, room.id, 'lea');
    host.leave();
    await lea.until(() => lea.all('room:pulse').length >= 2, 'some seconds', 15_000);
    expect(lea.all('room:pulse').filter(({ endsInS }) => endsInS !== undefined)).toEqual([]);
    expect(lea.disconnection).toBeNull();
  });

  it('[ST6] all hands are lowered at once, in one change and with one message to each person, on every node', async () => {
    const { roomId, host } = await openRoom();
    const listeners = [
      await listen(home, roomId, 'ann'),
      await listen(home, roomId, 'bea'),
      await listen(other, roomId, 'cleo'),
    ];
    for (const listener of listeners) await listener.request('hand:raise');
    await host.until(() => host.all('hands:changed').at(-1)?.hands.length === 3, 'the hands');
    for (const peer of listeners) await peer.until(() => peer.state.handCount === 3, 'the hands');
    const { seq } = host.state;
    for (const peer of [host, ...listeners]) peer.forget();

    await host.request('hand:lowerAll');
    for (const peer of [host, ...listeners]) await peer.until(() => peer.state.handCount === 0, 'the lowered hands');
    expect(host.state.seq).toBe(seq + 1);
    expect(host.all('hands:changed')).toEqual([{ hands: [] }]);
    for (const listener of listeners) {
      expect(listener.all('self:changed')).toEqual([]);
      expect(listener.all('room:state')).toHaveLength(1);
      expect((await listener.request('room:snapshot')).self.handPlace).toBeNull();
    }
    await host.request('hand:lowerAll');
    expect(host.state.seq).toBe(seq + 1);
    const [ann] = listeners;
    expect(await ann!.refusal(ann!.request('hand:lowerAll'))).toBe('NOT_ALLOWED');
  });
});
