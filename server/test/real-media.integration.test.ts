import { setTimeout as sleep } from 'node:timers/promises';
import type { MediaInfo } from '@tribune/shared/protocol.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MediaConnection } from '../../loadtest/src/MediaConnection.ts';
import { Reception } from '../../loadtest/src/Reception.ts';
import { sendingParameters } from '../../loadtest/src/rtpParameters.ts';
import { writeRtp } from '@tribune/shared/rtp.ts';
import { encodeSpeech, type SpeechFrame } from '../../loadtest/src/speech.ts';
import { SpeakerMedia } from '../../loadtest/src/SpeakerMedia.ts';
import { MediaCensus } from './support/MediaCensus.ts';
import type { TestPeer } from './support/TestPeer.ts';
import { TestServer } from './support/TestServer.ts';

const CONNECT_MS = 5000;

describe('what is really heard', () => {
  const census = new MediaCensus();
  let server: TestServer;
  let frames: readonly SpeechFrame[];
  let roomId: string;
  let host: TestPeer;
  let closing: (() => void)[];
  beforeAll(async () => {
    server = await TestServer.create({ WORKERS: '2' });
    frames = await encodeSpeech(new URL('../../e2e/fixtures/speech.wav', import.meta.url));
  });
  afterAll(async () => server.close());
  beforeEach(async () => {
    closing = [];
    ({
      room: { id: roomId },
      host,
    } = await server.createRoom());
    await host.request('room:goLive');
  });
  afterEach(() => {
    for (const close of closing) close();
  });

  /** Speaks real Opus over real ICE, DTLS and SRTP, and goes on whatever the server decides. */
  async function speak(peer: TestPeer): Promise<SpeakerMedia> {
    const { rtpCapabilities } = await peer.api.createTicket(roomId);
    const transport = await peer.request('transport:create');
    const speech = { frames, firstFrame: 0 };
    const speaker = new SpeakerMedia(peer.name, transport, rtpCapabilities, speech, {
      connectTransport: async (transportId, dtlsParameters) =>
        peer.request('transport:connect', { transportId, dtlsParameters }),
      onLost: () => undefined,
    });
    closing.push(() => speaker.close());
    await speaker.connect(CONNECT_MS);
    const { rtpParameters } = speaker;
    await peer.request('producer:create', { transportId: transport.id, rtpParameters });
    await peer.request('stage:setMuted', { muted: false });
    speaker.speak();
    return speaker;
  }

  async function listen(peer: TestPeer, info: MediaInfo): Promise<Reception> {
    const reception = new Reception(peer.name, info, {
      connectTransport: async (transportId, dtlsParameters) =>
        peer.request('transport:connect', { transportId, dtlsParameters }),
    });
    closing.push(() => reception.close());
    await reception.connect(CONNECT_MS);
    return reception;
  }

  async function bring(name: string): Promise<TestPeer> {
    const [peer] = await server.joinAll(roomId, name);
    await host.request('stage:invite', { userId: peer!.userId });
    await peer!.request('stage:accept');
    return peer!;
  }

  async function joinAndListen(name: string): Promise<{ peer: TestPeer; reception: Reception }> {
    const peer = await server.createPeer(name);
    const { media } = await peer.join(roomId);
    if (media.kind !== 'new') throw new Error(`media is ${media.kind}`);
    return { peer, reception: await listen(peer, media) };
  }

  async function expectHeard(reception: Reception): Promise<void> {
    const before = reception.counts().received;
    await expect.poll(() => reception.counts().received - before, { timeout: 3000 }).toBeGreaterThan(20);
  }

  /** Packets in flight are given a moment; then nothing may come. */
  async function expectSilent(reception: Reception): Promise<void> {
    await sleep(300);
    const before = reception.counts().received;
    await sleep(700);
    expect(reception.counts().received).toBe(before);
  }

  it('[MU3] a muted speaker is not heard, though they go on sending', async () => {
    const lea = await bring('lea');
    const speaker = await speak(lea);
    const { reception } = await joinAndListen('max');
    await expectHeard(reception);
    await host.request('stage:mute', { userId: lea.userId });
    const sent = speaker.sent;
    await expectSilent(reception);
    expect(speaker.sent).toBeGreaterThan(sent + 20);
    await lea.request('stage:setMuted', { muted: false });
    await expectHeard(reception);
  });

  it('[MU3] neither is one who was moved to the audience, removed or banned', async () => {
    for (const action of ['stage:demote', 'peer:remove', 'peer:ban'] as const) {
      const lea = await bring('lea');
      const speaker = await speak(lea);
      const { peer, reception } = await joinAndListen('max');
      await expectHeard(reception);
      await host.request(action, { userId: lea.userId });
      await expectSilent(reception);
      speaker.close();
      peer.leave();
    }
  });

  it('[AB10] a speaker who floods is stopped, told so, and the others are heard without loss', async () => {
    await speak(host);
    const mallory = await bring('mallory');
    const { reception } = await joinAndListen('max');
    await expectHeard(reception);
    const flood = await startFlood(mallory);
    await mallory.told('self:changed', ({ cause }) => cause === 'flood');
    await mallory.told('producer:closed');
    clearInterval(flood);
    await host.until(() => host.member(mallory.userId)?.muted === true);
    const before = reception.counts();
    await expectHeard(reception);
    const { expected, received } = reception.counts();
    expect(expected - before.expected).toBe(received - before.received);
  });

  it('[ME8] after the death of a worker everyone hears again within 3 s, on the same socket', async () => {
    await speak(host);
    const { peer, reception } = await joinAndListen('max');
    await expectHeard(reception);
    const { producer } = server.server.rooms.rooms.get(roomId)!.getPeer(host.userId)!.media!;
    const killed = performance.now();
    process.kill(census.producers.get(producer!)!.pid, 'SIGKILL');
    await host.told('media:restart');
    const speaking = speak(host);
    await peer.told('media:restart');
    await speaking;
    const again = await listen(peer, await peer.request('media:start'));
    await expect.poll(() => again.counts().received, { timeout: 3000, interval: 20 }).toBeGreaterThan(0);
    expect(performance.now() - killed).toBeLessThan(3000);
    expect(peer.disconnection).toBeNull();
  });

  async function startFlood(peer: TestPeer): Promise<NodeJS.Timeout> {
    const { rtpCapabilities } = await peer.api.createTicket(roomId);
    const transport = await peer.request('transport:create');
    const ssrc = 4242;
    const rtpParameters = sendingParameters(rtpCapabilities, ssrc, 'flood');
    const connection = new MediaConnection('flood', transport);
    closing.push(() => connection.close());
    const dtlsParameters = connection.offerSending({ rtpParameters, ssrc });
    await peer.request('transport:connect', { transportId: transport.id, dtlsParameters });
    connection.start();
    await connection.waitUntilConnected(CONNECT_MS);
    await peer.request('producer:create', { transportId: transport.id, rtpParameters });
    await peer.request('stage:setMuted', { muted: false });
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
