import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { RoomStore } from '../src/store/RoomStore.ts';
import { ClusterBus } from '../src/cluster/ClusterBus.ts';
import type { RoomMessage } from '../src/cluster/roomMessages.ts';
import { TestPeer } from './support/TestPeer.ts';
import { TestServer } from './support/TestServer.ts';

/** What nodes do when what they say to each other is lost, and when Redis is away. */

/** Drops messages between all nodes. What is dropped is lost without anyone being told. */
function lose(isLost: (message: RoomMessage) => boolean): void {
  const publish = ClusterBus.prototype.publish;
  vi.spyOn(ClusterBus.prototype, 'publish').mockImplementation(async function (this: ClusterBus, roomId, message) {
    return isLost(message) ? true : publish.call(this, roomId, message);
  });
}

/** Settles, with its value or with the code of its refusal. */
async function outcomeOf(request: Promise<unknown>): Promise<unknown> {
  return request.catch((error: { code?: string }) => error.code ?? error);
}

describe('two nodes', () => {
  let home: TestServer;
  let other: TestServer;
  let roomId: string;
  let host: TestPeer;

  beforeAll(async () => {
    home = await TestServer.createFirstNode({ EMPTY_ROOM_S: '3', STAGE_GRACE_S: '2' });
    other = await home.addNode();
    const { room, host: someone } = await home.createRoom();
    roomId = room.id;
    host = someone;
    await host.request('room:goLive');
    await seenBy(home, 2);
    await seenBy(other, 2);
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(async () => {
    await other?.close();
    await home?.close();
  });

  /** Waits until a node knows of so many. */
  async function seenBy(node: TestServer, count: number): Promise<void> {
    const nodes = async () =>
      ((await (await fetch(`${node.origin}/cluster`)).json()) as { nodes: unknown[] }).nodes.length;
    await vi.waitFor(async () => expect(await nodes()).toBe(count), { timeout: 8000, interval: 100 });
  }

  async function joinAt(node: TestServer, name: string): Promise<TestPeer> {
    const peer = await node.createPeer(name);
    await node.admit(peer, roomId);
    return peer;
  }

  const listenersAt = async (node: TestServer) => (await (await node.createApi('x')).api.getRoom(roomId)).listeners;

  it('[CL16] a ban and a removal on another node hold within 3 s, though every message that tells of them is lost', async () => {
    const [eve, lea] = [await joinAt(other, 'eve'), await joinAt(other, 'lea')];
    await expect.poll(async () => listenersAt(home), { timeout: 5000 }).toBe(2);
    lose(({ type }) => type === 'changed');
    await host.request('peer:ban', { userId: eve.userId });
    await host.request('peer:remove', { userId: lea.userId });
    await eve.until(() => eve.disconnection === 'banned', 'the ban', 3000);
    await lea.until(() => lea.disconnection === 'removed', 'the removal', 3000);
  });

  it('[CL16] a person who was removed and has come back stays, whenever a node learns of the removal', async () => {
    const lea = await joinAt(other, 'lea');
    await expect.poll(async () => listenersAt(home), { timeout: 5000 }).toBe(1);
    await host.request('peer:remove', { userId: lea.userId });
    await lea.until(() => lea.disconnection === 'removed', 'the removal', 3000);
    await other.admit(lea, roomId);
    // The record goes on naming the removal with every change.
    await host.request('room:lock', { locked: true });
    await lea.told('room:pulse', ({ state }) => state?.locked === true);
    await host.request('room:lock', { locked: false });
    expect(lea.disconnection).toBeNull();
    lea.leave();
  });

  it('[CL17] a change is followed within 3 s, though every message that tells of them is lost', async () => {
    const lea = await joinAt(other, 'lea');
    lose(({ type }) => type === 'changed');
    await host.request('room:lock', { locked: true });
    await lea.until(() => lea.state.locked, 'the lock', 3000);
    expect(lea.state.locked).toBe(true);
    await host.request('room:lock', { locked: false });
    lea.leave();
  });

  it('[CL9] a person who has left can be banned by id, wherever they were', async () => {
    const troll = await joinAt(other, 'troll');
    await expect.poll(async () => listenersAt(home), { timeout: 5000 }).toBe(1);
    troll.leave();
    await expect.poll(() => other.server.rooms.rooms.get(roomId)?.getPeer(troll.userId)?.link ?? null).toBeNull();
    await host.request('peer:ban', { userId: troll.userId });
    expect(await host.request('ban:list')).toContainEqual({ userId: troll.userId, name: 'troll' });
    expect(await troll.refusal(troll.join(roomId))).toBe('BANNED');
  });

  it('[CL10] the list of rooms and the page of a room say the same on every node', async () => {
    const { room: full, host: anna } = await home.createRoom({ title: 'full' });
    const { room: empty, host: gone } = await home.createRoom({ title: 'empty' });
    await expect
      .poll(async () => titlesAt(other), { timeout: 5000 })
      .toEqual(expect.arrayContaining(['full', 'empty']));
    gone.leave();
    const bert = await home.createPeer('bert');
    await home.admit(bert, full.id);
    await expect.poll(async () => titlesAt(other), { timeout: 5000 }).not.toContain('empty');
    expect(await titlesAt(home)).toEqual(await titlesAt(other));
    await expect
      .poll(async () => (await (await other.createApi('x')).api.getRoom(full.id)).listeners, { timeout: 5000 })
      .toBe(1);
    expect(other.server.rooms.rooms.has(full.id)).toBe(false);
    expect(empty.id).not.toBe(full.id);
    anna.leave();
    bert.leave();
  });

  const titlesAt = async (node: TestServer) =>
    (await (await node.createApi('x')).api.listRooms()).map(({ title }) => title);

  it('[QU4] the health of a room counts what is sent and reported on every node', async () => {
    const lea = await joinAt(other, 'lea');
    await expect.poll(async () => listenersAt(home), { timeout: 5000 }).toBe(1);
    await lea.request('quality:report', { rttMs: 900 });
    const { quality } = await host.request('room:health');
    expect(quality).toMatchObject({ reports: 1, weak: 1, rttMs: { median: 900 } });
    lea.leave();
  });

  it('[PU1] reactions of another node are counted once and completely, though half of its reports are lost', async () => {
    const lea = await joinAt(other, 'lea');
    await lea.told('room:pulse');
    let reports = 0;
    lose((message) => message.type === 'report' && ++reports % 2 === 0);
    host.forget();
    for (let i = 0; i < 8; i++) await lea.request('reaction:send', { kind: 'clap' });
    const claps = () => host.all('room:pulse').reduce((sum, { reactions }) => sum + (reactions?.clap ?? 0), 0);
    await expect.poll(claps, { timeout: 8000 }).toBe(8);
    lea.leave();
  });

  it('[PR5] the same person on a second node: the new one wins and the old one is told, though the message is lost', async () => {
    const lea = await joinAt(home, 'lea');
    const again = new TestPeer('lea', {
      ...(await other.createApi('x')),
      ...{ userId: lea.userId, token: lea.token, origin: other.origin },
    });
    lose(({ type }) => type === 'entered');
    await other.admit(again, roomId);
    await lea.until(() => lea.disconnection === 'replaced', 'the second page', 3000);
    expect(again.disconnection).toBeNull();
    await expect.poll(async () => listenersAt(home), { timeout: 5000 }).toBe(1);
    again.leave();
  });

  it('[PR5] a handshake that a slow node finishes when nobody waits for it any more replaces nobody', async () => {
    const enter = RoomStore.prototype.enter;
    const thaw = Promise.withResolvers<void>();
    const lea = await other.createPeer('lea');
    let slow = true;
    vi.spyOn(RoomStore.prototype, 'enter').mockImplementation(async function (this: RoomStore, id, entering) {
      if (slow && entering.userId === lea.userId) {
        slow = false;
        await thaw.promise;
      }
      return enter.call(this, id, entering);
    });
    const late = other.admit(lea, roomId).catch((error: unknown) => error);
    await expect.poll(() => slow).toBe(false);
    lea.leave();
    await late;
    const again = new TestPeer('lea', { api: lea.api, userId: lea.userId, token: lea.token, origin: home.origin });
    await home.admit(again, roomId);
    thaw.resolve();
    // Several looks of every node at who is where.
    await again.told('room:pulse');
    await sleep(3000);
    expect(again.disconnection).toBeNull();
    again.leave();
  });

  it('[CL11] a person who is nowhere is said to be nowhere at once, also after a node has closed the room', async () => {
    const third = await home.addNode({ STAGE_GRACE_S: '1' });
    await seenBy(home, 3);
    const lea = await joinAt(third, 'lea');
    await expect.poll(async () => listenersAt(home), { timeout: 5000 }).toBe(1);
    lea.leave();
    await expect.poll(() => third.server.rooms.rooms.has(roomId), { timeout: 8000 }).toBe(false);
    const asked = performance.now();
    expect(await host.refusal(host.request('peer:remove', { userId: 'nobody-at-all' }))).toBe('NOT_FOUND');
    expect(performance.now() - asked).toBeLessThan(600);
    await third.close();
    await vi.waitFor(async () => seenBy(home, 2), { timeout: 8000 });
  });

  it('[CL11] a search says that it is partial where a node does not answer', async () => {
    const lea = await joinAt(other, 'lea');
    await expect.poll(async () => listenersAt(home), { timeout: 5000 }).toBe(1);
    expect(await host.request('audience:list', { query: 'le' })).toEqual({ people: [lea].map(toPerson), total: 1 });
    lose(({ type }) => type === 'answer');
    const asked = performance.now();
    expect(await host.request('audience:list', { query: 'le' })).toEqual({ people: [], total: 1, isPartial: true });
    expect(performance.now() - asked).toBeLessThan(3000);
    lea.leave();
  });

  it('[CL12] searches and invitations across nodes are answered while Redis is away, and no node dies', async () => {
    const rejections: unknown[] = [];
    const note = (error: unknown) => rejections.push(error);
    process.on('unhandledRejection', note);
    const lea = await joinAt(other, 'lea');
    await expect.poll(async () => listenersAt(home), { timeout: 5000 }).toBe(1);
    await home.stopRedis();
    const outcomes = await Promise.all([
      outcomeOf(host.request('audience:list', { query: 'le' })),
      outcomeOf(host.request('stage:invite', { userId: lea.userId })),
      outcomeOf(host.request('room:health')),
    ]);
    expect(outcomes.slice(0, 2)).toEqual([{ people: [], total: 1, isPartial: true }, 'UNAVAILABLE']);
    expect(outcomes[2]).toMatchObject({ quality: expect.anything() });
    await home.startRedis();
    await expect
      .poll(async () => outcomeOf(host.request('audience:list', { query: 'le' })), { timeout: 10_000, interval: 500 })
      .toEqual({ people: [lea].map(toPerson), total: 1 });
    process.off('unhandledRejection', note);
    expect(rejections).toEqual([]);
    lea.leave();
  });

  it('[CL18] the stage of a new room goes where the mixers have most room; where all are full, it is refused', async () => {
    const loadOf = (node: TestServer, load: number, takesRooms = true) => {
      vi.spyOn(node.server.mixer, 'load', 'get').mockReturnValue(load);
      vi.spyOn(node.server.mixer, 'canTakeRoom', 'get').mockReturnValue(takesRooms);
    };
    loadOf(home, 0.7);
    loadOf(other, 0.1);
    const anna = await home.createPeer('anna');
    await expect
      .poll(
        async () => {
          const { id } = await anna.api.createRoom({ title: 'placed' });
          const { url } = await anna.api.createTicket(id);
          await anna.api.endRoom(id);
          return url;
        },
        { timeout: 6000, interval: 500 },
      )
      .toBe(other.origin);
    loadOf(home, 0.9, false);
    loadOf(other, 0.9, false);
    await expect
      .poll(
        // Until every node has heard, one may be made.
        async () => outcomeOf(anna.api.createRoom({ title: 'refused' }).then(async ({ id }) => anna.api.endRoom(id))),
        { timeout: 6000, interval: 500 },
      )
      .toBe('SERVER_BUSY');
    expect(await host.request('room:snapshot')).toBeTruthy();
  });

  it('[CL13] a room that no node keeps ends, though nobody comes to it any more', async () => {
    const third = await home.addNode({ EMPTY_ROOM_S: '3' });
    await seenBy(home, 3);
    const { room, host: anna } = await third.createRoom({ title: 'left behind' });
    anna.leave();
    await third.server.close();
    const phase = async () => (await (await home.createApi('x')).api.getRoom(room.id)).phase;
    await expect.poll(phase, { timeout: 25_000, interval: 500 }).toBe('ended');
    await third.close();
  });
});

function toPerson({ userId, name }: TestPeer) {
  return { userId, name };
}

it('[CL4] the stage of a room that no other node has open goes at once, and its people follow', async () => {
  const home = await TestServer.createFirstNode({ DRAIN_S: '20' });
  const other = await home.addNode();
  const nodes = async () =>
    ((await (await fetch(`${home.origin}/cluster`)).json()) as { nodes: unknown[] }).nodes.length;
  await expect.poll(nodes, { timeout: 8000 }).toBe(2);
  const { room, host } = await home.createRoom();
  expect(other.server.rooms.rooms.has(room.id)).toBe(false);
  const draining = home.server.drain();
  await host.until(() => host.disconnection === 'moved', 'the move', 3000);
  expect((await host.api.createTicket(room.id)).url).toBe(other.origin);
  await draining;
  await home.close();
  await other.close();
});

it('[CL4] a home that has just joined is known to whoever asks for the stage', async () => {
  const home = await TestServer.createFirstNode();
  const { room, host } = await home.createRoom();
  const other = await home.addNode();
  const { nodeId } = (await (await fetch(`${other.origin}/cluster`)).json()) as { nodeId: string };
  await home.server.rooms.rooms.get(room.id)!.release(nodeId);
  expect((await host.api.createTicket(room.id)).url).toBe(other.origin);
  await other.close();
  await home.close();
});

it('[ME1] a listener comes in while the mixer takes no room, and is told to start media once it does', async () => {
  const server = await TestServer.create();
  const { room, host } = await server.createRoom();
  await host.request('room:goLive');
  const refusing = vi.spyOn(server.server.mixer, 'openRoom').mockRejectedValue(new Error('full'));
  const lea = await server.createPeer('lea');
  expect((await lea.join(room.id)).media).toEqual({ kind: 'none' });
  refusing.mockRestore();
  await lea.told('media:restart');
  expect((await lea.request('media:start')).consumers).toHaveLength(1);
  await server.close();
});

it('[CL11] a node that hangs holds up no invitation and no search', async () => {
  const home = await TestServer.createFirstNode();
  const [third, frozen] = [await home.addNode(), await home.addNode()];
  const { room, host } = await home.createRoom();
  await host.request('room:goLive');
  const lea = await third.createPeer('lea');
  const max = await frozen.createPeer('max');
  await third.admit(lea, room.id);
  await frozen.admit(max, room.id);
  await expect.poll(async () => (await host.api.getRoom(room.id)).listeners, { timeout: 8000 }).toBe(2);
  // It hears everything and says nothing, as a process that was stopped and is not missed yet.
  const frozenId = ((await (await fetch(`${frozen.origin}/cluster`)).json()) as { nodeId: string }).nodeId;
  const publish = ClusterBus.prototype.publish;
  vi.spyOn(ClusterBus.prototype, 'publish').mockImplementation(async function (this: ClusterBus, roomId, message) {
    return this.nodeId === frozenId ? true : publish.call(this, roomId, message);
  });
  const asked = performance.now();
  await host.request('stage:invite', { userId: lea.userId });
  expect(await host.request('audience:list', { query: 'le' })).toMatchObject({
    people: [{ name: 'lea' }],
    isPartial: true,
  });
  // Not the five seconds that they took.
  expect(performance.now() - asked).toBeLessThan(3000);
  vi.restoreAllMocks();
  for (const node of [frozen, third, home]) await node.close();
});

it('[MO1] somebody who is sent away is told so once, and it is counted once', async () => {
  const server = await TestServer.create();
  const { room, host } = await server.createRoom();
  const [eve] = await server.joinAll(room.id, 'eve');
  await host.request('peer:ban', { userId: eve!.userId });
  // The plan goes on naming the ban with every look.
  for (let look = 0; look < 3; look++) await server.server.rooms.rooms.get(room.id)!.tick();
  await eve!.until(() => eve!.disconnection === 'banned', 'the ban');
  expect(eve!.all('closed')).toEqual([{ reason: 'banned' }]);
  expect(await (await fetch(`${server.origin}/metrics`)).text()).toContain('tribune_closes_total{reason="banned"} 1');
  await server.close();
});

it('[CL14] a claim of the home that was under way when the stage was given away does not take it back', async () => {
  const home = await TestServer.createFirstNode();
  const other = await home.addNode();
  const { room, host } = await home.createRoom();
  const lea = await other.createPeer('lea');
  await other.admit(lea, room.id);
  await expect.poll(async () => (await lea.api.getRoom(room.id)).listeners, { timeout: 5000 }).toBe(1);
  const released = home.server.rooms.rooms.get(room.id)!;
  await sleep(1500);
  const ticking = released.tick();
  await released.release();
  await ticking;
  expect(released.home).toMatchObject({ kind: 'handingOver' });
  await host.until(() => host.disconnection === 'moved', 'the move', 5000);
  await other.close();
  await home.close();
});
