import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FragmentReader, type SoundFragment } from '@tribune/loadtest/players/FragmentReader.ts';
import { RealRoom } from './support/RealRoom.ts';
import { StreamEar } from './support/StreamEar.ts';
import { TestServer } from './support/TestServer.ts';

const MAX_BEHIND_S = 2.5;

describe('a live room as a stream', () => {
  let home: TestServer;
  let other: TestServer;
  let room: RealRoom;
  beforeAll(async () => {
    home = await TestServer.createFirstNode({ LIVE_CAPACITY: '3' });
    other = await home.addNode();
  });
  afterAll(async () => {
    await other.close();
    await home.close();
  });
  beforeEach(async () => {
    room = await RealRoom.create(home);
    await room.speak(room.host);
  });
  afterEach(async () => room.close());

  it('[LS1] is heard at once and without a hole, and ends with the room', async () => {
    const first = await StreamEar.open(home, room.roomId);
    await first.until(6);
    const ear = await StreamEar.open(home, room.roomId);
    expect(Object.fromEntries(ear.response!.headers)).toMatchObject({
      'content-type': 'audio/mp4',
      'cache-control': 'no-store',
      'access-control-allow-origin': '*',
      'x-accel-buffering': 'no',
    });
    await ear.until(2);
    expect(ear.hasInit).toBe(true);
    await ear.until(5);
    expect(ear.isWhole).toBe(true);
    expect(ear.behindS).toBeLessThan(MAX_BEHIND_S - 1);
    const spoken = () => ear.fragments.flatMap(({ packets }) => packets).filter(({ length }) => length > 20);
    await expect.poll(() => spoken().length, { timeout: 8000 }).toBeGreaterThan(20);
    await room.host.request('room:end');
    await expect.poll(() => ear.hasEnded).toBe(true);
  });

  it('[LS2] is heard on any node, as on that of the stage', async () => {
    const [there, here] = await Promise.all([StreamEar.open(other, room.roomId), StreamEar.open(home, room.roomId)]);
    await there.until(8);
    await here.until(8);
    expect(there.isWhole).toBe(true);
    expect(there.behindS).toBeLessThan(MAX_BEHIND_S - 1);
    const packetsOf = (ear: StreamEar) =>
      new Map(
        ear.fragments.flatMap(({ startTicks, packets }) =>
          packets.map((packet, n) => [startTicks + n * 2880, packet.toString('hex')] as const),
        ),
      );
    const shared = () => [...packetsOf(there)].filter(([at]) => packetsOf(here).has(at));
    await expect.poll(() => shared().length, { timeout: 8000 }).toBeGreaterThan(40);
    const same = shared().filter(([at, packet]) => packetsOf(here).get(at) === packet);
    expect(same.length / shared().length).toBeGreaterThan(0.95);
    for (const ear of [there, here]) ear.close();
  });

  it('[LS3] is refused with a time to come back where the server has as many listeners as it takes, until one leaves', async () => {
    const ears = await Promise.all([1, 2, 3].map(async () => StreamEar.open(home, room.roomId)));
    const refused = await StreamEar.open(home, room.roomId);
    expect(refused.response!.status).toBe(503);
    expect(refused.response!.headers.get('retry-after')).toBe('30');
    expect(await refused.response!.json()).toMatchObject({ code: 'SERVER_BUSY' });
    ears[0]!.close();
    await expect.poll(async () => (await StreamEar.open(home, room.roomId)).response!.status).toBe(200);
  });

  it('[LS4] is for clients of HTTP/1.0, too, which end it by closing', async () => {
    const socket = connect(home.server.port, '127.0.0.1');
    socket.write(`GET /live/${room.roomId}/stream.mp4 HTTP/1.0\r\n\r\n`);
    const reader = new FragmentReader();
    const fragments: SoundFragment[] = [];
    let head = Buffer.alloc(0);
    for await (const chunk of socket) {
      head = Buffer.concat([head, chunk as Buffer]);
      const bodyAt = head.indexOf('\r\n\r\n') + 4;
      if (bodyAt < 4) continue;
      fragments.push(...reader.push(head.subarray(bodyAt)));
      head = head.subarray(0, bodyAt);
      if (fragments.length >= 3) break;
    }
    expect(head.toString()).not.toMatch(/transfer-encoding/i);
    expect(reader.hasInit).toBe(true);
    socket.destroy();
    await once(socket, 'close').catch(() => undefined);
  });

  it('[LS5] is not there before the room is live, and HEAD tells of it without listening', async () => {
    const { room: other } = await home.createRoom();
    expect((await StreamEar.open(home, other.id)).response!.status).toBe(503);
    const head = await fetch(`${home.origin}/live/${room.roomId}/stream.mp4`, { method: 'HEAD' });
    expect(head.headers.get('content-type')).toBe('audio/mp4');
    expect((await fetch(`${home.origin}/live/nosuchroom/stream.mp4`)).status).toBe(404);
  });
});
