import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LOSSY_ADDRESS, LossyNetwork } from '@tribune/chaos/LossyNetwork.ts';
import { SEGMENT_MS } from '../src/broadcast/segment.ts';
import { RealRoom } from './support/RealRoom.ts';
import { startS3, type TestS3 } from './support/startS3.ts';
import { kindsOfDatabase, type TestDatabases } from './support/testDatabases.ts';
import { TestServer } from './support/TestServer.ts';

/** Of a segment with sound from its beginning to its end. */
const FULL_BYTES = 6000;
const LOSS = 0.2;
const WAIT = { timeout: 12_000, interval: 100 };

describe('a room that is recorded on a cluster', () => {
  let databases: TestDatabases;
  let s3: TestS3;
  let home: TestServer;
  let others: TestServer[];
  let room: RealRoom;
  let network: LossyNetwork;

  beforeAll(async () => {
    databases = await kindsOfDatabase.find(({ kind }) => kind === 'PostgreSQL')!.start();
    s3 = await startS3();
    const { url, region, accessKeyId, secretAccessKey } = s3.options;
    home = await TestServer.createFirstNode({
      ...{ DATABASE_URL: await databases.create(), S3_URL: url, S3_REGION: region },
      ...{ S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey },
    });
    others = [await home.addNode(), await home.addNode({ CLUSTER_ADDRESS: LOSSY_ADDRESS })];
    network = new LossyNetwork();
    room = await RealRoom.create(home);
    await room.speak(room.host);
    for (const node of others) await node.admit(await node.createPeer('lea'), room.roomId);
  });
  afterAll(async () => {
    await room?.close();
    network?.close();
    for (const node of others ?? []) await node.close();
    await home?.close();
    await s3?.stop();
    await databases?.stop();
  });

  const roomOn = (node: TestServer) => node.server.rooms.rooms.get(room.roomId)!;

  it('[RC1] is the same segments, byte for byte, on every node that hears it, and where packets are lost between them', async () => {
    // Of a segment of 50 packets, ten do not come: without the home, none of them would be the same.
    network.impair({ loss: LOSS, delayMs: 0 });
    const nodes = [home, ...others];
    const lives = nodes.map((node) => roomOn(node).askLive());
    const first = Math.ceil(Date.now() / SEGMENT_MS);
    const isSame = (index: number) => {
      const [expected, ...copies] = lives.map((live) => Buffer.from(live.find(index) ?? []));
      return expected!.length > FULL_BYTES && copies.every((copy) => copy.equals(expected!));
    };
    // On a busy machine the home itself may get a packet too late.
    const same = new Set<number>();
    const countSame = () => {
      for (let index = first; index * SEGMENT_MS < Date.now(); index++) if (isSame(index)) same.add(index);
      return same.size;
    };
    await expect.poll(countSame, { ...WAIT, timeout: 30_000 }).toBeGreaterThanOrEqual(2);
    expect(network.counts.lost).toBeGreaterThan(10);
    network.impair({ loss: 0, delayMs: 0 });
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
    const movedMs = Date.now() - startedAt;
    await heir!.admit(room.host, room.roomId);
    await room.speak(room.host);
    await sleep(2000);
    await room.host.request('room:end');
    const ended = Date.now();
    const { api } = await heir!.createPeer('max');
    await expect.poll(async () => (await api.getRecording(room.roomId)).state, WAIT).toBe('ready');
    const { replay } = await api.getRecording(room.roomId);
    expect(Math.abs(replay!.durationMs - (ended - startedAt))).toBeLessThan(1000);
    // Until the host goes there, what they say is heard through the home before.
    expect(replay!.gaps.filter(({ fromMs }) => fromMs < movedMs - 300)).toEqual([]);
    expect(replay!.people.map(({ name }) => name)).toEqual(['host']);
    expect(replay!.turns.at(-1)!.toMs).toBeGreaterThan(replay!.durationMs - 1000);
  });
});
