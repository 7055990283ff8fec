import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { randomId, type TestPeer } from './support/TestPeer.ts';
import { TestServer } from './support/TestServer.ts';

describe('leaving and coming back', () => {
  let server: TestServer;
  let roomId: string;
  let host: TestPeer;
  beforeAll(async () => {
    server = await TestServer.create({ STAGE_GRACE_S: '2', HOST_GRACE_S: '3', EMPTY_ROOM_S: '2' });
  });
  afterAll(async () => server.close());
  beforeEach(async () => {
    ({
      room: { id: roomId },
      host,
    } = await server.createRoom());
  });

  async function bring(name: string): Promise<TestPeer> {
    const [peer] = await server.joinAll(roomId, name);
    await host.request('stage:invite', { userId: peer!.userId });
    await peer!.request('stage:accept');
    await peer!.request('media:start');
    await host.until(() => host.member(peer!.userId) !== undefined);
    return peer!;
  }

  it('[PR1] a lost network leaves the place on stage, shown as away, and the media as they were', async () => {
    const lea = await bring('lea');
    const producerId = await lea.produce();
    lea.cut();
    await host.until(() => host.member(lea.userId)?.away === true);
    const welcome = await lea.join(roomId);
    expect(welcome.snapshot.self.role).toBe('speaker');
    expect(welcome.media.kind).toBe('kept');
    expect(server.server.rooms.rooms.get(roomId)?.getPeer(lea.userId)?.media?.producer?.id).toBe(producerId);
    await host.until(() => host.member(lea.userId)?.away === false);
  });

  it('[PR1] what was closed meanwhile is built anew, though nobody could be told', async () => {
    await host.produce();
    const lea = await bring('lea');
    await lea.produce();
    lea.cut();
    await host.until(() => host.member(lea.userId)?.away === true);
    server.server.rooms.rooms.get(roomId)?.getPeer(lea.userId)?.media?.closeSend();
    expect((await lea.join(roomId)).media.kind).toBe('new');
  });

  it('[PR1] a page that has other transports than the server, since it was on another node, gets new ones', async () => {
    const [lea] = await server.joinAll(roomId, 'lea');
    await host.produce();
    await host.request('room:goLive');
    await lea!.request('media:start');
    lea!.cut();
    const ticket = await lea!.api.createTicket(roomId);
    const { media } = await lea!.connect(ticket, { transportIds: ['of-another-node'] });
    expect(media.kind).toBe('new');
  });

  it('[PR1] what came on stage meanwhile is in the full list of a kept media', async () => {
    const lea = await bring('lea');
    await host.produce();
    lea.cut();
    const max = await bring('max');
    await max.produce();
    const welcome = await lea.join(roomId);
    const heard = welcome.media.kind === 'kept' ? welcome.media.consumers.map(({ userId }) => userId) : [];
    expect(heard.toSorted()).toEqual([host.userId, max.userId].toSorted());
  });

  it('[PR2] a speaker who stays away past the grace is off the stage', async () => {
    const lea = await bring('lea');
    lea.cut();
    await host.until(() => host.member(lea.userId) === undefined);
    const welcome = await lea.join(roomId);
    expect(welcome.snapshot.self.role).toBe('listener');
  });

  it('[PR2] a hand keeps its place through a short absence, and is lowered after a long one', async () => {
    const [a, b] = await server.joinAll(roomId, 'a', 'b');
    await a!.request('hand:raise');
    await b!.request('hand:raise');
    a!.cut();
    const welcome = await a!.join(roomId);
    expect(welcome.snapshot.self.handPlace).toBe(1);
    a!.cut();
    await b!.until(() => b!.self.handPlace === 1);
  });

  it('[PR3] a vanished host is replaced by the first co-host, before speakers who came earlier', async () => {
    const speaker = await bring('speaker');
    const cohost = await bring('cohost');
    await host.request('cohost:add', { userId: cohost.userId });
    host.cut();
    await cohost.told('self:changed', ({ self }) => self.role === 'host');
    expect(speaker.self.role).toBe('speaker');
    await speaker.until(() => speaker.state.stage.filter(({ role }) => role === 'host').length === 1);
    expect(speaker.member(host.userId)).toBeUndefined();
  });

  it('[PR3] without a co-host the longest-standing speaker becomes the host', async () => {
    const first = await bring('first');
    const second = await bring('second');
    host.cut();
    await first.told('self:changed', ({ self }) => self.role === 'host');
    expect(second.self.role).toBe('speaker');
  });

  it('[PR3] a host with nobody to follow them stays the host', async () => {
    await server.joinAll(roomId, 'listener');
    host.cut();
    await sleep(4000);
    const welcome = await host.join(roomId);
    expect(welcome.snapshot.self.role).toBe('host');
  });

  it('[PR4] an empty room ends', async () => {
    host.leave();
    const observer = await server.createPeer('observer');
    await expect.poll(async () => (await observer.api.getRoom(roomId)).phase, { timeout: 8000 }).toBe('ended');
    expect(await observer.refusal(observer.api.createTicket(roomId))).toBe('ROOM_ENDED');
  });

  it('[PR5] the same person in a second tab: the new one wins and the old one is told', async () => {
    const [lea] = await server.joinAll(roomId, 'lea');
    const first = lea!.signaling;
    const replaced = new Promise((resolve) => first.onDisconnect(resolve));
    lea!.instanceId = randomId();
    const welcome = await lea!.join(roomId);
    expect(await replaced).toBe('replaced');
    expect(welcome.snapshot.self.userId).toBe(lea!.userId);
    await host.told('room:pulse', ({ listeners }) => listeners === 1);
  });

  it('[PU2] a ghost, whose machine has frozen, is out of the count within 15 s', async () => {
    const [ghost] = await server.joinAll(roomId, 'ghost');
    await host.told('room:pulse', ({ listeners }) => listeners === 1);
    host.forget();
    ghost!.freeze();
    const frozen = performance.now();
    await host.until(() => host.all('room:pulse').some(({ listeners }) => listeners === 0), 'the ghost to go', 20_000);
    expect(performance.now() - frozen).toBeLessThan(15_000);
  });

  it('[PR6] a restart of the server keeps rooms, hosts, stage and bans', async () => {
    const lea = await bring('lea');
    const [loud] = await server.joinAll(roomId, 'loud');
    await host.request('peer:ban', { userId: loud!.userId });
    await host.request('room:goLive');
    await server.restart();
    await lea.until(() => lea.disconnection !== null);
    expect(lea.disconnection).toBe('restarting');
    const [hostAgain, leaAgain] = [await host.join(roomId), await lea.join(roomId)];
    expect(hostAgain.snapshot.self.role).toBe('host');
    expect(leaAgain.snapshot.self.role).toBe('speaker');
    expect(leaAgain.snapshot.state.phase).toBe('live');
    expect(await loud!.refusal(loud!.join(roomId))).toBe('BANNED');
  });
});
