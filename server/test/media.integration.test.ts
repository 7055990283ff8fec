import type { ConsumerInfo } from '@tribune/shared/protocol.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MediaCensus } from './support/MediaCensus.ts';
import { fakeDtlsParameters, fakeRtpParameters } from './support/rtpParameters.ts';
import type { TestPeer } from './support/TestPeer.ts';
import { TestServer } from './support/TestServer.ts';

describe('media', () => {
  const census = new MediaCensus();
  let server: TestServer;
  let roomId: string;
  let host: TestPeer;
  beforeAll(async () => {
    server = await TestServer.create({ TRANSPORT_CONNECT_S: '1', WORKERS: '2' });
  });
  afterAll(async () => server.close());
  beforeEach(async () => {
    ({
      room: { id: roomId },
      host,
    } = await server.createRoom());
  });

  afterEach(async () => {
    await host.request('room:end').catch(() => undefined);
  });

  function mediaOf(peer: TestPeer) {
    return server.server.rooms.rooms.get(roomId)?.getPeer(peer.userId)?.media ?? null;
  }

  function workerOf(peer: TestPeer) {
    const producer = mediaOf(peer)?.producer;
    const worker = producer && census.producers.get(producer);
    if (!worker) throw new Error('nothing is produced');
    return worker;
  }

  it('[ME1] a listener waits backstage without media, and hears from the moment the room is live', async () => {
    const [lea] = await server.joinAll(roomId, 'lea');
    expect(await lea!.refusal(lea!.request('media:start'))).toBe('INVALID_STATE');
    await host.produce();
    await host.request('room:goLive');
    const { withinMs } = await lea!.told('media:restart');
    expect(withinMs).toBeLessThanOrEqual(2000);
    const { consumers } = await lea!.request('media:start');
    expect(consumers.map(({ userId }) => userId)).toEqual([null]);
  });

  it('[ME2] the welcome of a live room in which nobody speaks holds the mix, with no extension that a listener does not need', async () => {
    await host.request('room:goLive');
    const lea = await server.createPeer('lea');
    const { media } = await lea.join(roomId);
    if (media.kind !== 'new') throw new Error(`media is ${media.kind}`);
    expect(media.recv.iceCandidates.length).toBeGreaterThan(0);
    const [{ userId, rtpParameters }] = media.consumers as [ConsumerInfo];
    expect(userId).toBeNull();
    const extensions = rtpParameters.headerExtensions?.map(({ uri }) => uri);
    expect(extensions).toEqual(['urn:ietf:params:rtp-hdrext:sdes:mid']);
    expect(rtpParameters.codecs[0]?.rtcpFeedback).toEqual([]);
    expect(media.consumers).toHaveLength(1);
  });

  it('[ME3] a new voice is announced to those on stage who hear already, and its end is told', async () => {
    await host.produce();
    const [lea, max] = await server.joinAll(roomId, 'lea', 'max');
    for (const peer of [lea!, max!]) {
      await host.request('stage:invite', { userId: peer.userId });
      await peer.request('stage:accept');
    }
    await lea!.told('media:restart');
    const { consumers } = await lea!.request('media:start');
    const extensions = consumers[0]?.rtpParameters.headerExtensions?.map(({ uri }) => uri);
    expect(extensions).toEqual(['urn:ietf:params:rtp-hdrext:sdes:mid', 'urn:ietf:params:rtp-hdrext:ssrc-audio-level']);
    await max!.produce();
    const { id } = await lea!.told('consumer:created', ({ userId }) => userId === max!.userId);
    const consumer = [...census.consumers].find((found) => found.id === id);
    // It flows only once it was acknowledged.
    await expect.poll(() => consumer?.paused).toBe(false);
    await max!.request('producer:close');
    await lea!.told('consumer:closed', ({ consumerId }) => consumerId === id);
  });

  it('[ME10] who came on stage before anyone else spoke is told to start media with the first voice', async () => {
    const [lea] = await server.joinAll(roomId, 'lea');
    await host.request('stage:invite', { userId: lea!.userId });
    await lea!.request('stage:accept');
    expect((await lea!.join(roomId)).media.kind).toBe('none');
    await host.produce();
    await lea!.told('media:restart');
    expect((await lea!.request('media:start')).consumers.map(({ userId }) => userId)).toEqual([host.userId]);
  });

  it('[ME4] only people on stage can send, whatever they ask for', async () => {
    await host.produce();
    await host.request('room:goLive');
    const lea = await server.createPeer('lea');
    const { media } = await lea.join(roomId);
    if (media.kind !== 'new') throw new Error(`media is ${media.kind}`);
    const produce = { transportId: media.recv.id, rtpParameters: fakeRtpParameters() };
    expect(await lea.refusal(lea.request('transport:create'))).toBe('NOT_ALLOWED');
    expect(await lea.refusal(lea.request('producer:create', produce))).toBe('NOT_ALLOWED');
    expect(mediaOf(lea)?.producer).toBeNull();
  });

  it('[ME4] a speaker cannot send on a receiving transport, twice on one, or on that of another', async () => {
    await host.produce();
    const { id } = await host.request('transport:create');
    const rtpParameters = fakeRtpParameters();
    await host.request('producer:create', { transportId: id, rtpParameters });
    const again = { transportId: id, rtpParameters: fakeRtpParameters() };
    expect(await host.refusal(host.request('producer:create', again))).toBe('INVALID_STATE');
    const [lea] = await server.joinAll(roomId, 'lea');
    await host.request('stage:invite', { userId: lea!.userId });
    await lea!.request('stage:accept');
    expect(await lea!.refusal(lea!.request('producer:create', again))).toBe('NOT_FOUND');
  });

  it('[ME5] transports replace one another: a thousand requests leave one', async () => {
    const codes = await Promise.all(Array.from({ length: 1000 }, () => host.refusal(host.request('transport:create'))));
    expect(codes.filter((code) => code === 'nothing was refused').length).toBeLessThan(12);
    expect(census.transports.size).toBeLessThanOrEqual(2);
    await host.until(() => host.disconnection === 'abuse');
  });

  it('[ME6] a transport that never connects is closed', async () => {
    await host.request('transport:create');
    await expect.poll(() => census.transports.size, { timeout: 5000 }).toBe(0);
  });

  it('[ME7] parameters that mediasoup refuses are an invalid payload, and the worker lives on', async () => {
    const pids = (await server.server.pool.getUsage()).map(({ pid }) => pid);
    const { id: transportId } = await host.request('transport:create');
    const bad = { ...fakeRtpParameters(), codecs: [{ mimeType: 'video/VP8', payloadType: 96, clockRate: 90_000 }] };
    expect(await host.refusal(host.request('producer:create', { transportId, rtpParameters: bad }))).toBe(
      'INVALID_PAYLOAD',
    );
    const empty = { ...fakeDtlsParameters(), fingerprints: [] };
    expect(await host.refusal(host.request('transport:connect', { transportId, dtlsParameters: empty }))).toBe(
      'INVALID_PAYLOAD',
    );
    const noise = {
      mid: 'x'.repeat(1000),
      codecs: [null, 7],
      encodings: 'all',
      headerExtensions: [{ id: -1, uri: 'x' }],
    };
    expect(await host.refusal(host.request('producer:create', { transportId, rtpParameters: noise as never }))).toBe(
      'INVALID_PAYLOAD',
    );
    expect((await server.server.pool.getUsage()).map(({ pid }) => pid)).toEqual(pids);
  });

  it('[ME17] a stream goes by the name of its speaker, whatever they call it', async () => {
    const { id: transportId } = await host.request('transport:create');
    const rtpParameters = { ...fakeRtpParameters(undefined, 'a b\r\na=x'), msid: 'c d e' };
    await host.request('producer:create', { transportId, rtpParameters });
    const [lea] = await server.joinAll(roomId, 'lea');
    await host.request('stage:invite', { userId: lea!.userId });
    await lea!.request('stage:accept');
    await lea!.told('media:restart');
    const { consumers } = await lea!.request('media:start');
    expect(consumers[0]?.rtpParameters.rtcp?.cname).toBe(host.userId);
    expect(consumers[0]?.rtpParameters.msid ?? '').not.toContain('c d');
  });

  it('[ME8] a worker that dies is replaced, its people start media anew on the same socket, others notice nothing', async () => {
    const [lea] = await server.joinAll(roomId, 'lea');
    await host.request('stage:invite', { userId: lea!.userId });
    await lea!.request('stage:accept');
    await host.produce();
    const { room: otherRoom, host: otherHost } = await server.createRoom();
    await otherHost.request('room:goLive');
    const [max] = await server.joinAll(otherRoom.id, 'max');
    const before = await server.server.pool.getUsage();
    for (const peer of [host, lea!, max!]) peer.forget();
    process.kill(workerOf(host).pid, 'SIGKILL');
    await host.told('media:restart', ({ withinMs }) => withinMs === 0);
    await lea!.told('media:restart', ({ withinMs }) => withinMs === 0);
    await host.told('producer:closed');
    await host.produce();
    const { consumers } = await lea!.request('media:start');
    expect(consumers.map(({ userId }) => userId)).toEqual([host.userId]);
    await expect.poll(async () => (await server.server.pool.getUsage()).length).toBe(2);
    expect(
      (await server.server.pool.getUsage()).filter(({ pid }) => before.some((old) => old.pid === pid)),
    ).toHaveLength(1);
    expect(max!.all('media:restart')).toEqual([]);
    await otherHost.request('room:end');
  });

  it('[ME9] nothing is left in the workers and in the mixer when a room has ended', async () => {
    await host.produce();
    await host.request('room:goLive');
    await server.joinAll(roomId, 'lea', 'max');
    expect(census.left).toMatchObject({ mixes: 1, feeds: 1, consumers: 2 });
    await host.request('room:end');
    await expect.poll(() => census.isEmpty).toBe(true);
    expect(await server.server.mixer.getUsage()).toMatchObject({ rooms: 0, speakers: 0 });
  });
});

it('[ME3] a voice whose announcement is not answered is heard all the same', async () => {
  const census = new MediaCensus();
  const server = await TestServer.create();
  const { room, host } = await server.createRoom();
  await host.produce();
  const [lea, max] = await server.joinAll(room.id, 'lea', 'max');
  for (const peer of [lea!, max!]) {
    await host.request('stage:invite', { userId: peer.userId });
    await peer.request('stage:accept');
  }
  await lea!.told('media:restart');
  await lea!.request('media:start');
  lea!.acknowledges = false;
  await max!.produce();
  const { id } = await lea!.told('consumer:created', ({ userId }) => userId === max!.userId);
  const consumer = [...census.consumers].find((found) => found.id === id)!;
  expect(consumer.paused).toBe(true);
  await expect.poll(() => consumer.paused, { timeout: 10_000 }).toBe(false);
  await server.close();
});
