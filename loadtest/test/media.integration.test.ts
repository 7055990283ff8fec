import type { ConsumerInfo, TransportInfo } from '@tribune/shared/protocol.ts';
import { createWorker } from 'mediasoup';
import type { Producer, Router, WebRtcTransport, Worker } from 'mediasoup/types';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Reception } from '../src/Reception.ts';
import { receivableOf } from '../src/rtpParameters.ts';
import type { DtlsParameters } from '../src/sdp.ts';
import { encodeSpeech, type SpeechFrame } from '../src/speech.ts';
import { SpeakerMedia } from '../src/SpeakerMedia.ts';

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
  const speaker = new SpeakerMedia(name, toInfo(transport), router.rtpCapabilities, speech, connecting(transport));
  closing.push(() => speaker.close());
  await speaker.connect(TIMEOUT_MS);
  const producer = await transport.produce({ kind: 'audio', rtpParameters: speaker.rtpParameters });
  speaker.speak();
  return { speaker, producer };
}

async function consume(transport: WebRtcTransport, producer: Producer): Promise<ConsumerInfo> {
  const consumer = await transport.consume({
    producerId: producer.id,
    rtpCapabilities: receivableOf(router.rtpCapabilities),
  });
  return { id: consumer.id, producerId: producer.id, userId: 'someone', rtpParameters: consumer.rtpParameters };
}

async function listen(producers: readonly Producer[]): Promise<{ reception: Reception; transport: WebRtcTransport }> {
  const transport = await createTransport();
  const consumers = await Promise.all(producers.map(async (producer) => consume(transport, producer)));
  const reception = new Reception('listener', { recv: toInfo(transport), consumers }, connecting(transport));
  closing.push(() => reception.close());
  await reception.connect(TIMEOUT_MS);
  return { reception, transport };
}

describe('the media path of simulated clients', () => {
  it('carries a speaker to a listener without loss', async () => {
    const { speaker, producer } = await publish('alice');
    const { reception } = await listen([producer]);
    await expect.poll(() => reception.counts().received, { timeout: TIMEOUT_MS }).toBeGreaterThan(100);

    expect(reception.connected).toBe(true);
    expect(reception.counts()).toMatchObject({ duplicates: 0, reordered: 0, restarts: 0 });
    expect(reception.counts().expected).toBe(reception.counts().received);
    expect(speaker.skipped).toBe(0);
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
    const { reception } = await listen([alice.producer, bob.producer]);
    await expect.poll(() => reception.counts().received, { timeout: TIMEOUT_MS }).toBeGreaterThan(100);
    // Taken for one stream, two numberings would look like losses and restarts.
    const { expected, received, restarts } = reception.counts();
    expect(expected).toBe(received);
    expect(restarts).toBe(0);
  });

  it('hears a speaker who comes later, and no longer one who left', async () => {
    const alice = await publish('alice');
    const { reception, transport } = await listen([alice.producer]);
    const bob = await publish('bob');
    const second = await consume(transport, bob.producer);
    reception.add(second);
    alice.producer.close();
    reception.remove(alice.producer.id);
    const before = reception.counts().received;
    await expect.poll(() => reception.counts().received - before, { timeout: TIMEOUT_MS }).toBeGreaterThan(50);
    expect(reception.counts().expected).toBe(reception.counts().received);
  });

  it('reports reception to the server', async () => {
    const { producer } = await publish('alice');
    const { transport } = await listen([producer]);
    const roundTrip = async () => {
      const stats = await transport.getStats();
      return stats[0]!.rtpBytesSent > 0 && transport.iceState === 'completed' && transport.dtlsState === 'connected';
    };
    await expect.poll(roundTrip, { timeout: TIMEOUT_MS }).toBe(true);
  });

  it('names the layer that does not come up', async () => {
    const { producer } = await publish('alice');
    const transport = await createTransport();
    const consumers = [await consume(transport, producer)];
    const deaf = new Reception('deaf', { recv: toInfo(transport), consumers }, { connectTransport: async () => {} });
    closing.push(() => deaf.close());
    // ICE works without the server knowing the fingerprint, DTLS does not.
    await expect(deaf.connect(500)).rejects.toMatchObject({ failure: 'dtls:timeout' });

    const gone = await createTransport();
    const missing = new Reception('gone', { recv: toInfo(gone), consumers }, { connectTransport: async () => gone.close() });
    closing.push(() => missing.close());
    await expect(missing.connect(500)).rejects.toMatchObject({ failure: 'ice:timeout' });
  });
});
