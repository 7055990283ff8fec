import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestPeer } from './support/TestPeer.ts';
import { TestServer } from './support/TestServer.ts';

describe('quality', () => {
  let server: TestServer;
  let roomId: string;
  let host: TestPeer;
  let lea: TestPeer;
  beforeAll(async () => {
    server = await TestServer.create();
    const created = await server.createRoom();
    roomId = created.room.id;
    host = created.host;
    [lea] = (await server.joinAll(roomId, 'lea')) as [TestPeer];
  });
  afterAll(async () => server.close());

  async function metric(name: string): Promise<string | undefined> {
    const text = await (await fetch(`${server.origin}/metrics`)).text();
    return new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1];
  }

  it('[QU2] the welcome and every answer say when a report is due', async () => {
    const peer = await server.createPeer('mia');
    expect((await peer.join(roomId)).reportEveryS).toBe(20);
    expect(await peer.request('quality:report', {})).toEqual({ everyS: 20 });
    peer.leave();
  });

  it('[QU1] a report reaches the metrics in base units, and names nobody', async () => {
    await lea.request('quality:report', { ttfaMs: 750, rttMs: 40, lossPct: 2, jitterMs: null });
    expect(await metric('tribune_time_to_first_audio_seconds_sum')).toBe('0.75');
    expect(await metric('tribune_client_round_trip_seconds_sum')).toBe('0.04');
    expect(await metric('tribune_client_loss_ratio_sum')).toBe('0.02');
    expect(await metric('tribune_client_jitter_seconds_count')).toBe('0');
    const text = await (await fetch(`${server.origin}/metrics`)).text();
    expect(text).not.toContain(lea.userId);
    expect(text).not.toContain(roomId);
  });

  it('[QU1] a report of other than bounded numbers is refused, and so is the next one too soon', async () => {
    const mallory = await server.createPeer('mallory');
    await mallory.join(roomId);
    const send = (data: object) => mallory.refusal(mallory.request('quality:report', data));
    expect(await send({ rttMs: -1 })).toBe('INVALID_PAYLOAD');
    expect(await send({ lossPct: 101 })).toBe('INVALID_PAYLOAD');
    expect(await send({ room: 'x' })).toBe('INVALID_PAYLOAD');
    expect(await send({ rttMs: 1 })).toBe('RATE_LIMITED');
    mallory.leave();
  });

  it('[QU5] the host sees how the room does, and a listener does not', async () => {
    const { quality, everyS } = await host.request('room:health');
    expect(everyS).toBe(10);
    expect(quality).toMatchObject({ weak: 0, ttfaMs: { median: 750, p95: 750 }, jitterMs: null });
    expect(await lea.refusal(lea.request('room:health'))).toBe('NOT_ALLOWED');
  });
});
