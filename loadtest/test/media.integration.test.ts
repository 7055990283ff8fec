import type { ConsumerInfo, TransportInfo } from '@tribune/shared/protocol.ts';
import { createWorker } from 'mediasoup';
import type { Consumer, Producer, Router, WebRtcTransport, Worker } from 'mediasoup/types';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MediaConnection } from '../src/media/MediaConnection.ts';
import { HearingRecord } from '../src/hearing/HearingRecord.ts';
import { FULL } from '../src/hearing/kinds.ts';
import { Reception } from '../src/media/Reception.ts';
import { receivableOf, sendingParameters } from '../src/media/rtpParameters.ts';
import type { DtlsParameters } from '../src/media/sdp.ts';
import { encodeSpeech, type SpeechFrame } from '../src/media/speech.ts';
import { SpeakerMedia } from '../src/media/SpeakerMedia.ts';
import { SpeechSender } from '../src/media/SpeechSender.ts';

/** ICE, DTLS and SRTP for real, between simulated clients and a mediasoup worker (MEDIASOUP_WORKER_BIN, or mediasoup's own). */

const TIMEOUT_MS = 5000;

let worker: Worker;
let frames: readonly SpeechFrame[];
let router: Router;
let closing: (() => void)[];

beforeAll(async () => {
  worker = await createWorker({ logLevel: 'error' });
  frames = await encodeSpeech(new URL('../../e2e/fixtures/speech.wav', import.meta.url));
});

afterAll(() => {
  worker.close();
});

beforeEach(async () => {
  closing = [];
  router = await worker.createRouter({
    mediaCodecs: [{ kind: 'audio', mimeType: 'audio/opus', clockRate: 48_000, channels: 2 }],
  });
});

afterEach(() => {
  for (const close of closing) close();
  router.close();
});

async function createTransport(): Promise<WebRtcTransport> {
  return router.createWebRtcTransport({ listenInfos: [{ protocol: 'udp', ip: '127.0.0.1' }] });
}

function toInfo({ id, iceParameters, iceCandidates, dtlsParameters }: WebRtcTransport): TransportInfo {
  return { id, iceParameters, iceCandidates, dtlsParameters };
}

function connecting(transport: WebRtcTransport) {
  return {
    connectTransport: async (_id: string, dtlsParameters: DtlsParameters) => transport.connect({ dtlsParameters }),
  };
}

async function publish(name: string): Promise<{ speaker: SpeakerMedia; producer: Producer }> {
  const transport = await createTransport();
  const speech = { frames, firstFrame: 0 };
  const speaker = new SpeakerMedia(name, toInfo(transport), router.rtpCapabilities, speech, {
    ...connecting(transport),
    onLost: () => undefined,
  });
  closing.push(() => speaker.close());
  await speaker.connect(TIMEOUT_MS);
  const producer = await transport.produce({ kind: 'audio', rtpParameters: speaker.rtpParameters });
  speaker.speak();
  return { speaker, producer };
}

function toConsumerInfo({ id, producerId, rtpParameters }: Consumer): ConsumerInfo {
  return { id, producerId, userId: 'someone', rtpParameters };
}

async function consume(transport: WebRtcTransport, { id: producerId }: Producer): Promise<ConsumerInfo> {
  const rtpCapabilities = receivableOf(router.rtpCapabilities);
  return toConsumerInfo(await transport.consume({ producerId, rtpCapabilities }));
}

function receive(
  transport: WebRtcTransport,
  consumers: ConsumerInfo[],
  changed: Partial<TransportInfo> = {},
): { reception: Reception; record: HearingRecord } {
  const recv = { ...toInfo(transport), ...changed };
  const record = new HearingRecord();
  const reception = new Reception('listener', { recv, consumers }, connecting(transport), FULL, record);
  closing.push(() => reception.close());
  return { reception, record };
}

async function listen(producers: readonly Producer[]) {
  const transport = await createTransport();
  const consumers = await Promise.all(producers.map(async (producer) => consume(transport, producer)));
  const { reception, record } = receive(transport, consumers);
  await reception.connect(TIMEOUT_MS);
  return { reception, record, transport, consumers };
}

describe('the media path of simulated clients', () => {
  it('carries a speaker to a listener without loss', async () => {
    const { speaker, producer } = await publish('alice');
    const { reception, record } = await listen([producer]);
    await expect.poll(() => record.counts().received, { timeout: TIMEOUT_MS }).toBeGreaterThan(100);

    expect(reception.connected).toBe(true);
    expect(record.counts()).toMatchObject({ duplicates: 0, reordered: 0, restarts: 0 });
    expect(record.counts().expected).toBe(record.counts().received);
    expect(speaker.skipped).toBe(0);
  });

  it('counts what is lost on the way', async () => {
    const transport = await createTransport();
    const parameters = sendingParameters(router.rtpCapabilities, 4711, 'alice');
    const connection = new MediaConnection('alice', toInfo(transport));
    closing.push(() => connection.close());
    await transport.connect({ dtlsParameters: connection.offerSending({ rtpParameters: parameters, ssrc: 4711 }) });
    await connection.start();
    await connection.waitUntilConnected(TIMEOUT_MS);
    const producer = await transport.produce({ kind: 'audio', rtpParameters: parameters });
    let packets = 0;
    const everyFifthLost = (packet: Buffer) => ++packets % 5 === 0 || connection.send(packet);
    const stream = { ssrc: 4711, payloadType: parameters.codecs[0]!.payloadType, audioLevelId: null };
    const sender = new SpeechSender(frames, stream, everyFifthLost);
    closing.push(() => sender.stop());
    sender.start();
    const { record } = await listen([producer]);
    await expect.poll(() => record.counts().expected, { timeout: TIMEOUT_MS }).toBeGreaterThan(100);
    const { received, expected } = record.counts();
    expect((expected - received) / expected).toBeCloseTo(0.2, 1);
  });

  it('tells the server the level of the speech', async () => {
    const observer = await router.createAudioLevelObserver({ maxEntries: 1, threshold: -80, interval: 200 });
    const heard = Promise.withResolvers<number>();
    observer.on('volumes', ([loudest]) => {
      if (loudest) heard.resolve(loudest.volume);
    });
    const { producer } = await publish('alice');
    await observer.addProducer({ producerId: producer.id });
    const volume = await heard.promise;
    expect(volume).toBeGreaterThan(-60);
    expect(volume).toBeLessThan(-5);
  });

  it('tells the streams of two speakers apart', async () => {
    const alice = await publish('alice');
    const bob = await publish('bob');
    const { record } = await listen([alice.producer, bob.producer]);
    await expect.poll(() => record.counts().received, { timeout: TIMEOUT_MS }).toBeGreaterThan(100);
    // Taken for one stream, two numberings would look like losses and restarts.
    const { expected, received, restarts } = record.counts();
    expect(expected).toBe(received);
    expect(restarts).toBe(0);
  });

  it('hears a speaker who comes later, and no longer one who left', async () => {
    const alice = await publish('alice');
    const { reception, record, transport, consumers } = await listen([alice.producer]);
    const bob = await publish('bob');
    reception.add(await consume(transport, bob.producer));
    alice.producer.close();
    reception.remove(consumers[0]!.id);
    const before = record.counts().received;
    await expect.poll(() => record.counts().received - before, { timeout: TIMEOUT_MS }).toBeGreaterThan(50);
    expect(record.counts().expected).toBe(record.counts().received);
  });

  it('reports its reception, from which the server knows the jitter', async () => {
    const { producer } = await publish('alice');
    const transport = await createTransport();
    const rtpCapabilities = receivableOf(router.rtpCapabilities);
    const consumer = await transport.consume({ producerId: producer.id, rtpCapabilities });
    await receive(transport, [toConsumerInfo(consumer)]).reception.connect(TIMEOUT_MS);
    const jitter = async () => (await consumer.getStats()).find(({ type }) => type === 'outbound-rtp')?.jitter;
    // Jitter of the way to the listener is in these statistics only once a receiver report brought it.
    await expect.poll(jitter, { timeout: 12_000, interval: 200 }).toBeGreaterThan(0);
  });

  it('names the layer that does not come up', async () => {
    const { producer } = await publish('alice');
    const wrongPassword = await createTransport();
    const consumers = [await consume(wrongPassword, producer)];
    const iceParameters = { ...wrongPassword.iceParameters, password: 'x'.repeat(32) };
    const { reception: noIce } = receive(wrongPassword, consumers, { iceParameters });
    await expect(noIce.connect(1000)).rejects.toMatchObject({ failure: 'ice:timeout' });

    const wrongFingerprint = await createTransport();
    const fingerprints = [{ algorithm: 'sha-256' as const, value: Array<string>(32).fill('00').join(':') }];
    const { reception: noDtls } = receive(wrongFingerprint, consumers, { dtlsParameters: { fingerprints } });
    await expect(noDtls.connect(1000)).rejects.toMatchObject({ failure: 'dtls:failed' });
  });

  it('passes on why the server refused the transport', async () => {
    const { producer } = await publish('alice');
    const transport = await createTransport();
    const consumers = [await consume(transport, producer)];
    const connectTransport = async () => Promise.reject(new Error('refused'));
    const refused = new Reception('refused', { recv: toInfo(transport), consumers }, { connectTransport });
    closing.push(() => refused.close());
    await expect(refused.connect(1000)).rejects.toThrow('refused');
  });
});
