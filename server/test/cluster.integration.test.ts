import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectHeard } from './support/expectHeard.ts';
import { RealRoom } from './support/RealRoom.ts';
import type { Ear } from './support/Ear.ts';
import type { TestPeer } from './support/TestPeer.ts';
import { TestServer } from './support/TestServer.ts';

/** One room on two nodes: a story, in which each test goes on where the one before it ended. */
describe('a room on several nodes', () => {
  let home: TestServer;
  let other: TestServer;
  let room: RealRoom;
  let lea: TestPeer;
  let ear: Ear;
  beforeAll(async () => {
    home = await TestServer.createFirstNode({ WORKERS: '2', STAGE_GRACE_S: '5' });
    other = await home.addNode();
    room = await RealRoom.create(home);
    await room.speak(room.host);
    // Each has seen the other, and whose room it is.
    await sleep(2500);
  });
  afterAll(async () => {
    await room?.close();
    await other?.close();
    await home?.close();
  });

  /** Someone who gets a ticket wherever they are sent, and takes it to this node all the same. */
  async function joinAt(node: TestServer, name: string): Promise<{ peer: TestPeer; ear: Ear }> {
    const peer = await node.createPeer(name);
    const { media } = await node.admit(peer, room.roomId);
    if (media.kind !== 'new') throw new Error(`media is ${media.kind}`);
    return { peer, ear: await room.listen(peer, media) };
  }

  const roomAt = (node: TestServer) => node.server.rooms.rooms.get(room.roomId);

  it('[CL1] is heard on a node that is not its home', async () => {
    ({ peer: lea, ear } = await joinAt(other, 'lea'));
    await expectHeard(ear, room.host);
    expect(ear.lost).toBe(0);
    expect(roomAt(home)?.home.kind).toBe('here');
    expect(roomAt(other)?.home.kind).toBe('elsewhere');
  });

  it('[CL2] counts its listeners over all nodes, and tells everyone the same', async () => {
    const { peer: max } = await joinAt(home, 'max');
    const counted = (peer: TestPeer) =>
      peer.received.findLast(({ name }) => name === 'room:pulse')?.data as { listeners: number } | undefined;
    for (const peer of [lea, max, room.host])
      await expect.poll(() => counted(peer)?.listeners, { timeout: 5000 }).toBe(2);
    await max.request('reaction:send', { kind: 'heart' });
    await lea.told('room:pulse', ({ reactions }) => reactions?.heart === 1);
    await lea.request('reaction:send', { kind: 'clap' });
    await max.told('room:pulse', ({ reactions }) => reactions?.clap === 1);
    max.leave();
  });

  it('[CL3] shows those who moderate the people of all nodes, and lets them act on each', async () => {
    const { people } = await room.host.request('audience:list', { query: 'le' });
    expect(people.map(({ name }) => name)).toEqual(['lea']);
    const { peer: zoe } = await joinAt(other, 'zoe');
    await room.host.request('peer:remove', { userId: zoe.userId });
    await zoe.until(() => zoe.disconnection === 'removed');
    expect(await room.host.refusal(room.host.request('peer:remove', { userId: 'nobody-there' }))).toBe('NOT_FOUND');
  });

  it('[CL4] a listener who is brought on stage moves to the home, and is heard everywhere', async () => {
    const { peer: kim, ear: kimsEar } = await joinAt(other, 'kim');
    await expectHeard(kimsEar, room.host);
    await kim.request('hand:raise');
    await room.host.told('hands:changed', ({ hands }) => hands.some(({ userId }) => userId === kim.userId));
    await room.host.request('hand:approve', { userId: kim.userId });
    await kim.until(() => kim.disconnection === 'moved');
    const ticket = await kim.api.createTicket(room.roomId);
    expect(ticket).toMatchObject({ role: 'speaker', url: home.origin });
    await kim.connect(ticket);
    expect(kim.self.role).toBe('speaker');
    const speaker = await room.speak(kim);
    await expectHeard(ear, kim);
    expect(lea.received.filter(({ name }) => name === 'media:restart')).toEqual([]);
    await kim.request('stage:leave');
    speaker.close();
  });

  it('[CL5] is whole again after Redis has forgotten everything', async () => {
    const before = ear.packets.length;
    await home.flush();
    await sleep(5000);
    expect(roomAt(home)?.home.kind).toBe('here');
    expect((await lea.request('room:snapshot')).state.stage.map(({ userId }) => userId)).toEqual([room.host.userId]);
    await room.host.request('room:lock', { locked: true });
    await lea.told('room:pulse', ({ state }) => state?.locked === true);
    await room.host.request('room:lock', { locked: false });
    expect(ear.packets.length - before).toBeGreaterThan(50);
  });

  it('[CL6] has another home when its home goes, and whoever listens elsewhere keeps what they have', async () => {
    await home.server.close();
    await room.host.until(() => room.host.disconnection !== null);
    room.host.moveTo(other.origin);
    await room.host.join(room.roomId);
    expect(roomAt(other)?.home.kind).toBe('here');
    ear.packets.length = 0;
    await room.speak(room.host);
    await expectHeard(ear, room.host);
    expect(lea.received.filter(({ name }) => name === 'media:restart')).toEqual([]);
  });
});
