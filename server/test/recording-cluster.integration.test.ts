import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SEGMENT_MS } from '../src/broadcast/segment.ts';
import { RealRoom } from './support/RealRoom.ts';
import { startS3, type TestS3 } from './support/startS3.ts';
import { kindsOfDatabase, type TestDatabases } from './support/testDatabases.ts';
import { TestServer } from './support/TestServer.ts';

/** Of a segment with sound from its beginning to its end. */
const FULL_BYTES = 6000;
const WAIT = { timeout: 12_000, interval: 100 };

describe('a room that is recorded on a cluster', () => {
  let databases: TestDatabases;
  let s3: TestS3;
  let home: TestServer;
  let others: TestServer[];
  let room: RealRoom;

  beforeAll(async () => {
    databases = await kindsOfDatabase.find(({ kind }) => kind === 'PostgreSQL')!.start();
    s3 = await startS3();
    const { url, region, accessKeyId, secretAccessKey } = s3.options;
    home = await TestServer.createFirstNode({
      ...{ DATABASE_URL: await databases.create(), S3_URL: url, S3_REGION: region },
      ...{ S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey },
    });
    others = [await home.addNode(), await home.addNode()];
    room = await RealRoom.create(home);
    await room.speak(room.host);
    for (const node of others) await node.admit(await node.createPeer('lea'), room.roomId);
  });
  afterAll(async () => {
    await room?.close();
    for (const node of others ?? []) await node.close();
    await home?.close();
    await s3?.stop();
    await databases?.stop();
  });

  const roomOn = (node: TestServer) => node.server.rooms.rooms.get(room.roomId)!;

  it('[RC1] is the same segments, byte for byte, on every node that hears it', async () => {
    const nodes = [home, ...others];
    const lives = nodes.map((node) => roomOn(node).askLive());
    const first = Math.ceil(Date.now() / SEGMENT_MS);
    const isSame = (index: number) => {
      const [expected, ...copies] = lives.map((live) => Buffer.from(live.find(index) ?? []));
      return expected!.length > FULL_BYTES && copies.every((copy) => copy.equals(expected!));
    };
    // On a busy machine a packet may come too late to one of them.
    await expect
      .poll(() => [1, 2, 3, 4, 5, 6].filter((n) => isSame(first + n)).length, { ...WAIT, timeout: 25_000 })
      .toBeGreaterThanOrEqual(2);
  });

  it('[RC2] goes on as one recording when the stage moves to another node, and nothing that was said is missing', async () => {
    await room.host.request('recording:start');
    const startedAt = Date.now();
    await sleep(2500);
    const [heir] = others;
    const { nodes } = (await (await fetch(`${heir!.origin}/cluster`)).json()) as {
      nodes: { id: string; url: string }[];
    };
    await roomOn(home).release(nodes.find(({ url }) => url === heir!.origin)!.id);
    await expect.poll(() => roomOn(heir!).home.kind, WAIT).toBe('here');
    await room.host.until(() => room.host.disconnection === 'moved');
    await heir!.admit(room.host, room.roomId);
    await room.speak(room.host);
    await sleep(2000);
    await room.host.request('room:end');
    const ended = Date.now();
    const { api } = await heir!.createPeer('max');
    await expect.poll(async () => (await api.getRecording(room.roomId)).state, WAIT).toBe('ready');
    const { replay } = await api.getRecording(room.roomId);
    expect(Math.abs(replay!.durationMs - (ended - startedAt))).toBeLessThan(1000);
    expect(replay!.gaps).toEqual([]);
    expect(replay!.people.map(({ name }) => name)).toEqual(['host']);
    expect(replay!.turns.at(-1)!.toMs).toBeGreaterThan(replay!.durationMs - 1000);
  });
});
