import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { expectHeard } from './support/expectHeard.ts';
import { MediaCensus } from './support/MediaCensus.ts';
import { RealRoom } from './support/RealRoom.ts';
import { TestServer } from './support/TestServer.ts';

describe('the audience', () => {
  const census = new MediaCensus();
  let server: TestServer;
  let room: RealRoom;
  beforeAll(async () => {
    server = await TestServer.create({ WORKERS: '3' });
  });
  afterAll(async () => server.close());
  beforeEach(async () => {
    room = await RealRoom.create(server);
  });
  afterEach(async () => {
    await room.close();
    await vi.waitUntil(() => census.isEmpty, { timeout: 5000 });
  });

  function transportOf(transportId: string) {
    return [...census.transports].find(({ id }) => id === transportId);
  }

  it('[ME11] a listener has one consumer, the mix, whatever the stage does', async () => {
    const { peer: max, ear } = await room.joinAndListen('max');
    await room.speak(room.host);
    await expectHeard(ear, room.host);
    const lea = await room.bring('lea');
    const speaker = await room.speak(lea);
    await expectHeard(ear, lea);
    await lea.request('stage:leave');
    speaker.close();
    await expectHeard(ear, room.host);
    expect(room.mediaOf(max)?.reception?.listConsumers()).toHaveLength(1);
    const told = max.received.filter(({ name }) => /^(consumer|producer|media):/.test(name));
    expect(told).toEqual([]);
  });

  it('[ME12] who comes on stage hears the mix until they hear the others', async () => {
    await room.speak(room.host);
    const { peer: max, ear: mix } = await room.joinAndListen('max');
    await expectHeard(mix, room.host);
    await room.promote(max);
    await max.told('media:restart', ({ withinMs }) => withinMs === 0);
    const info = await max.request('media:start');
    expect(info.consumers.map(({ userId }) => userId)).toEqual([room.host.userId]);
    await expectHeard(mix, room.host);
    const direct = await room.listen(max, info);
    await expect.poll(() => direct.packets.length).toBeGreaterThan(20);
    await expect.poll(() => transportOf(mix.transportId)).toBeUndefined();
  });

  it('[ME12] who leaves the stage hears the others until they hear the mix', async () => {
    await room.speak(room.host);
    const max = await room.bring('max');
    const direct = await room.listen(max, await max.request('media:start'));
    const speaker = await room.speak(max);
    await expect.poll(() => direct.packets.length).toBeGreaterThan(20);
    max.forget();
    await room.host.request('stage:demote', { userId: max.userId });
    await max.told('media:restart');
    const info = await max.request('media:start');
    const before = direct.packets.length;
    await expect.poll(() => direct.packets.length).toBeGreaterThan(before + 20);
    const since = performance.now();
    const mix = await room.listen(max, info);
    await expectHeard(mix, room.host);
    await expect.poll(() => transportOf(direct.transportId)).toBeUndefined();
    // Nobody hears themselves.
    expect(mix.names(max.userId, since)).toBe(false);
    speaker.close();
  });

  it('[ME12] and who does not move to the mix soon hears nothing of the stage any more', async () => {
    await room.speak(room.host);
    const max = await room.bring('max');
    const direct = await room.listen(max, await max.request('media:start'));
    await expect.poll(() => direct.packets.length).toBeGreaterThan(20);
    await room.host.request('stage:demote', { userId: max.userId });
    await expect.poll(() => transportOf(direct.transportId), { timeout: 20_000, interval: 100 }).toBeUndefined();
    // They can still ask.
    await expectHeard(await room.listen(max, await max.request('media:start')), room.host);
  });

  it('[ME13] who comes on stage hears the mix no more once they are in it', async () => {
    await room.speak(room.host);
    const { peer: max, ear: mix } = await room.joinAndListen('max');
    const { ear: other } = await room.joinAndListen('other');
    await expectHeard(mix, room.host);
    await room.promote(max);
    await max.told('media:restart');
    // This client is slow to move to the stage's streams.
    await room.speak(max);
    await max.told('consumer:closed');
    await expectHeard(other, max);
    expect(mix.names(max.userId, 0)).toBe(false);
    // Back in the audience, they are given the mix anew.
    await max.request('stage:leave');
    await expectHeard(await room.listen(max, await max.request('media:start')), room.host);
  });

  it('[ME14] when the worker of the stage dies, listeners keep their transports and hear the mix again', async () => {
    await room.speak(room.host);
    const { peer: max, ear } = await room.joinAndListen('max');
    await expectHeard(ear, room.host);
    const { producer } = room.mediaOf(room.host)!;
    process.kill(census.producers.get(producer!)!.pid, 'SIGKILL');
    await room.host.told('media:restart', ({ withinMs }) => withinMs === 0);
    await room.host.told('producer:closed');
    await room.speak(room.host);
    await expectHeard(ear, room.host);
    expect(max.all('media:restart')).toEqual([]);
  });

  it('[ME15] when the mixer dies, it is replaced, and nobody has anything to do', async () => {
    await room.speak(room.host);
    const { peer: max, ear } = await room.joinAndListen('max');
    await expectHeard(ear, room.host);
    const restarted = once(server.server.mixer, 'restarted');
    process.kill(server.server.mixer.findPid(room.roomId)!, 'SIGKILL');
    await restarted;
    await expectHeard(ear, room.host);
    for (const peer of [room.host, max]) expect(peer.all('media:restart')).toEqual([]);
  });

  it('[ME15] when the mixer hangs, the node says that it is not ready until it is replaced', async () => {
    await room.speak(room.host);
    const { peer: max, ear } = await room.joinAndListen('max');
    await expectHeard(ear, room.host);
    const isReady = async () => (await fetch(`${server.origin}/readyz`)).ok;
    expect(await isReady()).toBe(true);
    process.kill(server.server.mixer.findPid(room.roomId)!, 'SIGSTOP');
    await expect.poll(isReady, { timeout: 5000 }).toBe(false);
    await expect.poll(isReady, { timeout: 10_000 }).toBe(true);
    await expectHeard(ear, room.host);
    for (const peer of [room.host, max]) expect(peer.all('media:restart')).toEqual([]);
  });

  it('[ME8] when a worker of the audience dies, its listeners move to another, and others notice nothing', async () => {
    await room.speak(room.host);
    const { peer: max, ear } = await room.joinAndListen('max');
    await expectHeard(ear, room.host);
    const [mix] = census.mixes.values();
    process.kill(mix!.pid, 'SIGKILL');
    const { withinMs } = await max.told('media:restart');
    expect(withinMs).toBeLessThanOrEqual(2000);
    await expectHeard(await room.listen(max, await max.request('media:start')), room.host);
    expect(room.host.all('media:restart')).toEqual([]);
    expect(max.disconnection).toBeNull();
  });

  it('[ME16] a small audience stays together on one worker, a large one is spread, and never sits on that of the stage', async () => {
    await room.host.produce();
    const { producer } = room.mediaOf(room.host)!;
    const names = Array.from({ length: 60 }, (_, i) => `listener ${i}`);
    const listeners = await server.joinAll(room.roomId, ...names.slice(0, 5));
    expect(census.mixes.size).toBe(1);
    listeners.push(...(await server.joinAll(room.roomId, ...names.slice(5))));
    const counts = (await server.server.pool.getUsage()).map(({ listeners: count }) => count);
    expect(counts.toSorted((a, b) => a - b)[0]).toBe(0);
    expect(counts.reduce((a, b) => a + b)).toBe(60);
    expect(Math.max(...counts)).toBeLessThanOrEqual(60 / 2 + 16 / 2);
    const stageWorker = census.producers.get(producer!);
    expect([...census.mixes.values()]).not.toContain(stageWorker);
    expect(census.mixes.size).toBe(2);
    // Each worker's part closes with its last listener.
    for (const listener of listeners) listener.leave();
    await expect.poll(() => census.mixes.size).toBe(0);
  });
});
