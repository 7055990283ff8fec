import { setTimeout as sleep } from 'node:timers/promises';
import { writeRtp } from '@tribune/shared/rtp.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MediaConnection } from '@tribune/loadtest/media/MediaConnection.ts';
import { sendingParameters } from '@tribune/loadtest/media/rtpParameters.ts';
import { expectHeard, expectUnheard } from './support/expectHeard.ts';
import { RealRoom } from './support/RealRoom.ts';
import type { TestPeer } from './support/TestPeer.ts';
import { TestServer } from './support/TestServer.ts';

const CONNECT_MS = 5000;

describe('what is really heard', () => {
  let server: TestServer;
  let room: RealRoom;
  beforeAll(async () => {
    server = await TestServer.create({ WORKERS: '2' });
  });
  afterAll(async () => server.close());
  beforeEach(async () => {
    room = await RealRoom.create(server);
  });
  afterEach(async () => room.close());

  it('[MU3] a muted speaker is not in the mix, though they go on sending', async () => {
    const lea = await room.bring('lea');
    const speaker = await room.speak(lea);
    const { ear } = await room.joinAndListen('max');
    await expectHeard(ear, lea);
    await room.host.request('stage:mute', { userId: lea.userId });
    const sent = speaker.sent;
    await expectUnheard(ear, lea);
    expect(speaker.sent).toBeGreaterThan(sent + 20);
    await lea.request('stage:setMuted', { muted: false });
    await expectHeard(ear, lea);
  });

  it('[MU3] neither is one who was moved to the audience, removed or banned', async () => {
    for (const action of ['stage:demote', 'peer:remove', 'peer:ban'] as const) {
      const lea = await room.bring('lea');
      const speaker = await room.speak(lea);
      const { peer, ear } = await room.joinAndListen('max');
      await expectHeard(ear, lea);
      await room.host.request(action, { userId: lea.userId });
      await expectUnheard(ear, lea);
      speaker.close();
      peer.leave();
    }
  });

  it('[MU3] and "mute the others" leaves the host in it alone', async () => {
    await room.speak(room.host);
    const lea = await room.bring('lea');
    await room.speak(lea);
    const { ear } = await room.joinAndListen('max');
    await expectHeard(ear, lea);
    await room.host.request('stage:muteOthers');
    await sleep(300);
    const since = performance.now();
    await expectHeard(ear, room.host);
    expect(ear.names(lea.userId, since)).toBe(false);
  });

  it('[AB10] a speaker who floods is stopped, told so, and the others are heard without loss', async () => {
    await room.speak(room.host);
    const mallory = await room.bring('mallory');
    const { ear } = await room.joinAndListen('max');
    await expectHeard(ear, room.host);
    const flood = await startFlood(mallory);
    await mallory.told('self:changed', ({ cause }) => cause === 'flood');
    await mallory.told('producer:closed');
    clearInterval(flood);
    await room.host.until(() => room.host.member(mallory.userId)?.muted === true);
    const lost = ear.lost;
    await expectHeard(ear, room.host);
    expect(ear.lost).toBe(lost);
  });

  it('[AB10] so is one who floods while muted, whom nobody hears and whose packets the worker takes in all the same', async () => {
    const mallory = await room.bring('mallory');
    const flood = await startFlood(mallory, { muted: true });
    await mallory.told('producer:closed');
    await mallory.told('self:changed', ({ cause }) => cause === 'flood');
    clearInterval(flood);
    expect(room.mediaOf(mallory)?.producer ?? null).toBeNull();
  });

  async function startFlood(peer: TestPeer, { muted } = { muted: false }): Promise<NodeJS.Timeout> {
    const { rtpCapabilities } = await peer.api.createTicket(room.roomId);
    const transport = await peer.request('transport:create');
    const ssrc = 4242;
    const rtpParameters = sendingParameters(rtpCapabilities, ssrc, 'flood');
    const connection = new MediaConnection('flood', transport);
    room.closing(() => connection.close());
    const dtlsParameters = connection.offerSending({ rtpParameters, ssrc });
    await peer.request('transport:connect', { transportId: transport.id, dtlsParameters });
    await connection.start();
    await connection.waitUntilConnected(CONNECT_MS);
    await peer.request('producer:create', { transportId: transport.id, rtpParameters });
    await peer.request('stage:setMuted', { muted });
    let sequenceNumber = 0;
    const { payloadType } = rtpParameters.codecs[0]!;
    return setInterval(() => {
      for (let i = 0; i < 10; i++) {
        sequenceNumber = (sequenceNumber + 1) & 0xffff;
        const packet = { payloadType, sequenceNumber, timestamp: sequenceNumber * 960, ssrc, marker: false };
        connection.send(writeRtp({ ...packet, audioLevel: undefined, payload: Buffer.alloc(100, 7) }));
      }
    }, 10);
  }
});
