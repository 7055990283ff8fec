import type { ConsumerInfo, MediaInfo } from '@tribune/shared/protocol.ts';
import { writeRtp } from '@tribune/shared/rtp.ts';
import { createWorker } from 'mediasoup';
import type { DtlsParameters, Producer, Router, WebRtcServer, WebRtcTransport, Worker } from 'mediasoup/types';
import { receivableOf } from '../media/rtpParameters.ts';
import { encodeSpeech, FRAME_MS } from '../media/speech.ts';
import { SPEECH_FILES } from '../people/Stage.ts';

/** A mediasoup worker with as little around it as can be: what is measured against it is the load test itself. */

const CLOCK_PER_FRAME = (48_000 * FRAME_MS) / 1000;
const PAYLOAD_TYPE = 100;
const SOCKET_BUFFER_BYTES = 4 * 1024 * 1024;

/** What the process that calibrates may ask. */
export interface BareSfuCommands {
  open(voices: number): Promise<void>;
  /** A transport with a consumer of every voice, which flow once it is connected. */
  add(): Promise<MediaInfo>;
  connect(transportId: string, dtlsParameters: DtlsParameters): Promise<void>;
  /** CPU time of the worker since it was started. */
  cpuSeconds(): Promise<number>;
}

let worker: Worker;
let router: Router;
let webRtcServer: WebRtcServer;
const producers: Producer[] = [];
const transports = new Map<string, WebRtcTransport>();

const commands: BareSfuCommands = {
  async open(voices) {
    const workerBin = process.env.MEDIASOUP_WORKER_BIN;
    worker = await createWorker({ logLevel: 'error', ...(workerBin ? { workerBin } : {}) });
    worker.once('died', () => process.exit(1));
    const buffers = { recvBufferSize: SOCKET_BUFFER_BYTES, sendBufferSize: SOCKET_BUFFER_BYTES };
    webRtcServer = await worker.createWebRtcServer({ listenInfos: [{ protocol: 'udp', ip: '127.0.0.1', ...buffers }] });
    router = await worker.createRouter({
      mediaCodecs: [{ kind: 'audio', mimeType: 'audio/opus', clockRate: 48_000, channels: 2 }],
    });
    const input = await router.createDirectTransport();
    for (let voice = 0; voice < voices; voice++) {
      const codecs = [{ mimeType: 'audio/opus', payloadType: PAYLOAD_TYPE, clockRate: 48_000, channels: 2 }];
      const rtpParameters = { codecs, encodings: [{ ssrc: voice + 1 }] };
      producers.push(await input.produce({ kind: 'audio', rtpParameters }));
    }
    await speak();
  },
  async add() {
    const transport = await router.createWebRtcTransport({ webRtcServer });
    transports.set(transport.id, transport);
    const rtpCapabilities = receivableOf(router.rtpCapabilities);
    const consumers: ConsumerInfo[] = [];
    for (const producer of producers) {
      const { id, producerId, rtpParameters } = await transport.consume({ producerId: producer.id, rtpCapabilities });
      consumers.push({ id, producerId, userId: null, rtpParameters });
    }
    const { id, iceParameters, iceCandidates, dtlsParameters } = transport;
    return { recv: { id, iceParameters, iceCandidates, dtlsParameters }, consumers };
  },
  async connect(transportId, dtlsParameters) {
    await transports.get(transportId)?.connect({ dtlsParameters });
  },
  async cpuSeconds() {
    const { ru_utime, ru_stime } = await worker.getResourceUsage();
    return (ru_utime + ru_stime) / 1000;
  },
};

/** Every voice says the same without a pause, a packet each 20 ms. */
async function speak(): Promise<void> {
  const payloads = (await encodeSpeech(SPEECH_FILES[0]!)).flatMap(({ payload }) => payload ?? []);
  const startedMs = performance.now();
  let sent = 0;
  setInterval(() => {
    for (; sent * FRAME_MS < performance.now() - startedMs; sent++) {
      for (const [voice, producer] of producers.entries()) {
        const packet = writeRtp({
          payloadType: PAYLOAD_TYPE,
          sequenceNumber: sent & 0xffff,
          timestamp: (sent * CLOCK_PER_FRAME) % 0x1_0000_0000,
          ssrc: voice + 1,
          marker: false,
          payload: payloads[sent % payloads.length]!,
        });
        producer.send(packet);
      }
    }
  }, FRAME_MS / 2);
}

interface Command {
  readonly id: number;
  readonly name: keyof BareSfuCommands;
  readonly args: readonly unknown[];
}

process.on('message', ({ id, name, args }: Command) => {
  const command = commands[name] as (...given: readonly unknown[]) => Promise<unknown>;
  command(...args).then(
    (result) => process.send?.({ id, result }, undefined, undefined, () => undefined),
    (error: unknown) => process.send?.({ id, error: String(error) }, undefined, undefined, () => undefined),
  );
});
process.on('disconnect', () => process.exit(0));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
