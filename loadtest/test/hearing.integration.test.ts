import { ApiClient } from '@tribune/shared/ApiClient.ts';
import type { MediaInfo } from '@tribune/shared/protocol.ts';
import { createWorker } from 'mediasoup';
import type { Consumer, Producer, Router, WebRtcTransport, Worker } from 'mediasoup/types';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { receivableOf } from '../src/media/rtpParameters.ts';
import { encodeSpeech, type SpeechFrame } from '../src/media/speech.ts';
import { SpeakerMedia } from '../src/media/SpeakerMedia.ts';
import { Listener } from '../src/people/Listener.ts';
import type { ListenerKind } from '../src/hearing/kinds.ts';
import { createGuard } from '../src/guard.ts';
import { ScriptedServer, welcome } from './support/ScriptedServer.ts';

/** What a listener hears while the server changes what there is to hear: real media, and a server that does as the test says. */

interface Offered {
  readonly info: MediaInfo;
  readonly transport: WebRtcTransport;
  readonly consumer: Consumer;
}

const LIGHT: ListenerKind = { isFull: false, slow: null, seed: 0 };

let worker: Worker;
let router: Router;
let producer: Producer;
let speaker: SpeakerMedia;
let server: ScriptedServer;
let listener: Listener;
let offers: Offered[];

beforeAll(async () => {
  worker = await createWorker({ logLevel: 'error' });
});

afterAll(() => {
  worker.close();
});

beforeEach(async () => {
  offers = [];
  router = await worker.createRouter({
    mediaCodecs: [{ kind: 'audio', mimeType: 'audio/opus', clockRate: 48_000, channels: 2 }],
  });
  producer = await speak(await encodeSpeech(new URL('../../e2e/fixtures/speech.wav', import.meta.url)));
  server = await ScriptedServer.create();
  server.rtpCapabilities = router.rtpCapabilities;
  server.answer('transport:connect', async ({ transportId, dtlsParameters }) => {
    await offers.find(({ transport }) => transport.id === transportId)!.transport.connect({ dtlsParameters });
    return null;
  });
  const api = new ApiClient(server.origin);
  listener = new Listener({
    name: 'listener',
    api,
    origin: server.origin,
    roomId: 'room',
    guard: createGuard(false),
    kind: LIGHT,
  });
});

afterEach(async () => {
  listener.close();
  speaker.close();
  await server.close();
  router.close();
});

async function createTransport(): Promise<WebRtcTransport> {
  return router.createWebRtcTransport({ listenInfos: [{ protocol: 'udp', ip: '127.0.0.1' }] });
}

async function speak(frames: readonly SpeechFrame[]): Promise<Producer> {
  const transport = await createTransport();
  // Without its pauses: 50 packets a second.
  const speech = { frames: frames.filter(({ payload }) => payload !== null), firstFrame: 0 };
  speaker = new SpeakerMedia('speaker', infoOf(transport), router.rtpCapabilities, speech, {
    connectTransport: async (_id, dtlsParameters) => transport.connect({ dtlsParameters }),
    onLost: () => undefined,
  });
  await speaker.connect(5000);
  const published = await transport.produce({ kind: 'audio', rtpParameters: speaker.rtpParameters });
  speaker.speak();
  return published;
}

function infoOf({ id, iceParameters, iceCandidates, dtlsParameters }: WebRtcTransport): MediaInfo['recv'] {
  return { id, iceParameters, iceCandidates, dtlsParameters };
}

/** Something to hear; silent until its consumer is resumed. */
async function offer({ silent = false } = {}): Promise<Offered> {
  const transport = await createTransport();
  const rtpCapabilities = receivableOf(router.rtpCapabilities);
  const consumer = await transport.consume({ producerId: producer.id, rtpCapabilities, paused: silent });
  const { id, producerId, rtpParameters } = consumer;
  const info = { recv: infoOf(transport), consumers: [{ id, producerId, userId: 'someone', rtpParameters }] };
  const offered = { info, transport, consumer };
  offers.push(offered);
  return offered;
}

/** Lets the listener hear a first offer. */
async function listen(): Promise<Offered> {
  const first = await offer();
  server.script.push((socket) => welcome(socket, { kind: 'new', ...first.info }));
  await listener.join();
  expect(listener.state).toEqual({ kind: 'listening' });
  return first;
}

/** The server has something else to hear. */
async function restart(next: Offered): Promise<void> {
  const asked = Promise.withResolvers<void>();
  server.answer('media:start', async () => {
    asked.resolve();
    return next.info;
  });
  server.sockets.at(-1)!.emit('media:restart', { withinMs: 0 });
  await asked.promise;
}

/** The listener has this many connections: each light one has a UDP socket of this process. */
async function expectConnections(count: number): Promise<void> {
  const open = () => process.getActiveResourcesInfo().filter((name) => name.startsWith('UDP')).length;
  await expect.poll(open, { timeout: 5000 }).toBe(count);
}

async function isConnected({ transport }: Offered): Promise<void> {
  await expect.poll(() => transport.dtlsState, { timeout: 5000 }).toBe('connected');
}

/** Waits until so many more packets have come. */
async function hearMore(packets: number): Promise<void> {
  const { received } = listener.counts();
  await expect.poll(() => listener.counts().received - received, { timeout: 5000 }).toBeGreaterThan(packets);
}

describe('what a listener hears', () => {
  it('goes on after the server announced something else, until that is heard', async () => {
    await listen();
    const second = await offer({ silent: true });
    await restart(second);
    await isConnected(second);
    await hearMore(10);
    await expectConnections(2);
    await second.consumer.resume();
    await expectConnections(1);
    await hearMore(10);
    expect(listener.state).toEqual({ kind: 'listening' });
  });

  it('is left by no connection that was replaced before its first packet', async () => {
    await listen();
    const [second, third] = [await offer({ silent: true }), await offer()];
    await restart(second);
    await isConnected(second);
    await restart(third);
    await expectConnections(1);
    await hearMore(10);
  });

  it('leaves no connection open when it ends before what was to be heard next', async () => {
    await listen();
    const second = await offer({ silent: true });
    await restart(second);
    await isConnected(second);
    await expectConnections(2);
    listener.close();
    await expectConnections(0);
  });

  it('is counted to the end of what was replaced, and once', async () => {
    const first = await listen();
    const second = await offer({ silent: true });
    await restart(second);
    await isConnected(second);
    listener.takeQuality();
    // Lost while the next one connects: ten packets, as one gap.
    const before = listener.counts();
    await first.consumer.pause();
    await producerSent(10);
    await first.consumer.resume();
    await hearMore(10);
    await second.consumer.resume();
    await expectConnections(1);
    const after = listener.counts();
    expect(after.received).toBeGreaterThan(before.received);
    // A consumer numbers on after its pause: nothing is lost, and nothing is counted twice.
    expect(after.expected - before.expected).toBe(after.received - before.received);
    expect(listener.takeQuality().latencyBins.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0);
  });
});

describe('a listener to whom a node passes no media', () => {
  it('leaves it within some seconds, hears from another, and is counted', async () => {
    const mute = await offer();
    const iceParameters = { ...mute.info.recv.iceParameters, password: 'x'.repeat(32) };
    const good = await offer();
    const node = server.origin.replace('127.0.0.1', 'localhost');
    server.nodes.push(node, server.origin);
    server.script.push(
      (socket) => welcome(socket, { kind: 'new', ...mute.info, recv: { ...mute.info.recv, iceParameters } }),
      (socket) => welcome(socket, { kind: 'new', ...good.info }),
    );
    await listener.join();
    expect(listener.state).toEqual({ kind: 'listening' });
    expect(listener.mediaFailed).toBe(1);
    expect(server.tickets).toEqual([{}, { avoid: node }]);
    await expectConnections(1);
  });
});

async function producerSent(packets: number): Promise<void> {
  const { sent } = speaker;
  await expect.poll(() => speaker.sent - sent).toBeGreaterThan(packets);
}
