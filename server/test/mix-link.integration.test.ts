import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRtcp, payloadOf, timestampOf } from '@tribune/shared/rtp.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SpeechSender } from '../../loadtest/src/media/SpeechSender.ts';
import { encodeSpeech, type SpeechFrame } from '../../loadtest/src/media/speech.ts';
import { createLogger } from '../src/logger.ts';
import { Ingest } from '../src/media/Ingest.ts';
import { MixGate } from '../src/media/MixGate.ts';
import { MixUplink } from '../src/media/MixUplink.ts';
import { WorkerPool } from '../src/media/WorkerPool.ts';
import { Mixer, type RoomMix } from '../src/mixer/Mixer.ts';
import { readConfig } from '../src/config.ts';
import { MixEar, speakerOf } from './support/MixEar.ts';

const LOOPBACK = '127.0.0.1';
const logger = createLogger({ LOG_LEVEL: 'silent' });
const config = readConfig({
  ...{ REDIS_URL: 'none', WORKERS: '1', MEDIA_PORT: '0', MEDIA_LISTEN_ADDRESS: LOOPBACK },
  MEDIASOUP_WORKER_BIN: process.env.MEDIASOUP_WORKER_BIN,
});

describe('the mix between nodes', () => {
  let speech: readonly SpeechFrame[];
  let nodes: readonly { readonly pool: WorkerPool; readonly mixer: Mixer }[];
  let mixes: RoomMix[];
  let ear: MixEar;
  let socket: Socket;
  let senders: SpeechSender[];
  beforeAll(async () => {
    speech = await encodeSpeech(new URL('../../e2e/fixtures/speech.wav', import.meta.url));
    const createNode = async () => ({
      pool: await WorkerPool.create(config, logger),
      mixer: await Mixer.create({ config, logger }),
    });
    nodes = await Promise.all([createNode(), createNode(), createNode()]);
  });
  afterAll(() => {
    for (const { pool, mixer } of nodes) {
      pool.close();
      mixer.close();
    }
  });
  beforeEach(async () => {
    mixes = await Promise.all(nodes.map(async ({ mixer }) => mixer.openRoom('r1')));
    ear = await MixEar.create();
    mixes[0]!.setOutputs([{ address: LOOPBACK, port: ear.port }]);
    socket = createSocket('udp4');
    senders = [];
  });
  afterEach(() => {
    for (const sender of senders) sender.stop();
    socket.close();
    ear.close();
    for (const mix of mixes) mix.close();
  });

  /** Someone who speaks on the stage of this node. */
  function speakAt(node: number, name: string) {
    const speaker = speakerOf(name, 1);
    const mix = mixes[node]!;
    mix.setSpeakers([speaker]);
    const stream = { ssrc: 1, payloadType: speaker.payloadType, audioLevelId: 1 };
    const sender = new SpeechSender(speech, stream, (packet) => {
      socket.send(packet, mix.port, LOOPBACK);
      return true;
    });
    sender.start();
    senders.push(sender);
    return speaker.voiceId;
  }

  /** What node 0 hears comes from this home from here on. */
  async function connectTo(home: number) {
    const lane = async (node: number) => nodes[node]!.pool.createStageLane();
    const uplink = await MixUplink.create(await lane(home), mixes[home]!);
    mixes[home]!.setOutputs([{ address: LOOPBACK, port: uplink.port, outward: true }]);
    const gate = await MixGate.create(await lane(0), mixes[0]!);
    return { uplink, gate, link: await uplink.link(gate.id, gate.offer(LOOPBACK)) };
  }

  it('is heard on another node as it is on its home, without loss', async () => {
    const ann = speakAt(1, 'ann');
    const { uplink, gate, link } = await connectTo(1);
    mixes[0]!.setSources([await gate.open(link)]);
    await expect.poll(() => ear.voices, { timeout: 5000 }).toEqual([ann]);
    await expect.poll(() => ear.loudestDbov, { timeout: 5000 }).toBeGreaterThan(-40);
    expect(ear.ssrcs).toEqual(new Set([mixes[0]!.ssrc]));
    const { expected, received } = ear.counts;
    expect(received).toBe(expected);
    gate.close();
    uplink.close();
  });

  it('reaches a listener of the other node through one consumer, whichever node is the home', async () => {
    const listener = await MixEar.create();
    const lane = await nodes[0]!.pool.createStageLane();
    const ingest = await Ingest.create(lane, mixes[0]!);
    const transport = await lane.createLoopback(listener.port);
    const consumer = await transport.consume({
      producerId: ingest.producer.id,
      rtpCapabilities: { ...lane.rtpCapabilities, headerExtensions: [] },
    });
    const ann = speakAt(1, 'ann');
    const first = await connectTo(1);
    mixes[0]!.setOutputs([{ address: LOOPBACK, port: ingest.port }]);
    mixes[0]!.setSources([await first.gate.open(first.link)]);
    await expect.poll(() => listener.voices, { timeout: 5000 }).toEqual([ann]);
    const bob = speakAt(2, 'bob');
    const second = await connectTo(2);
    mixes[0]!.setSources([await second.gate.open(second.link)]);
    first.gate.close();
    first.uplink.close();
    await expect.poll(() => listener.voices, { timeout: 5000 }).toEqual([ann, bob]);
    expect(consumer.closed).toBe(false);
    expect(listener.ssrcs).toEqual(new Set([consumer.rtpParameters.encodings![0]!.ssrc]));
    expect(listener.counts.expected - listener.counts.received).toBeLessThan(3);
    listener.close();
    ingest.close();
    second.gate.close();
    second.uplink.close();
  });

  it('keeps what is lost between nodes a gap, and what is overtaken in its place', async () => {
    const ann = speakAt(1, 'ann');
    const network = createSocket('udp4').bind(0, LOOPBACK);
    await once(network, 'listening');
    const { uplink, gate } = await connectTo(1);
    const offer = gate.offer(LOOPBACK);
    const link = await uplink.link('through', { ...offer, port: network.address().port });
    mixes[0]!.setSources([await gate.open(link)]);
    // Once it is heard, one in twenty of sixty is lost, and one in twenty is overtaken by the next.
    let sent = 0;
    let held: Buffer | null = null;
    network.on('message', (packet) => {
      const place = isRtcp(packet) || ear.voices.length === 0 || sent === 60 ? 0 : sent++ % 20;
      if (place === 5) return;
      if (place === 10) held = packet;
      else network.send(packet, offer.port, LOOPBACK);
      if (place === 11 && held) network.send(held, offer.port, LOOPBACK);
    });
    await expect.poll(() => sent, { timeout: 20_000 }).toBe(60);
    await expect.poll(() => ear.counts.expected - ear.counts.received, { timeout: 5000 }).toBe(3);
    expect(ear.counts).toMatchObject({ reordered: 3, duplicates: 0, restarts: 0 });
    expect(ear.voices).toEqual([ann]);
    uplink.close();
    gate.close();
    network.close();
  });

  it('goes on as the same stream when another node becomes the home', async () => {
    const ann = speakAt(1, 'ann');
    const first = await connectTo(1);
    mixes[0]!.setSources([await first.gate.open(first.link)]);
    await expect.poll(() => ear.voices, { timeout: 5000 }).toEqual([ann]);
    first.uplink.close();
    const bob = speakAt(2, 'bob');
    const second = await connectTo(2);
    mixes[0]!.setSources([await second.gate.open(second.link)]);
    first.gate.close();
    ear.forget();
    await expect.poll(() => ear.voices, { timeout: 5000 }).toEqual([bob]);
    expect(ear.ssrcs).toEqual(new Set([mixes[0]!.ssrc]));
    expect(ear.ports).toEqual(new Set([mixes[0]!.port]));
    // Lost is what was under way, and no number was jumped over.
    expect(ear.counts.expected - ear.counts.received).toBeLessThan(3);
    second.gate.close();
    second.uplink.close();
  });

  it('is heard from the home that was until someone speaks at the one that is', async () => {
    const ann = speakAt(1, 'ann');
    const first = await connectTo(1);
    const before = await first.gate.open(first.link);
    mixes[0]!.setSources([before]);
    await expect.poll(() => ear.voices, { timeout: 5000 }).toEqual([ann]);
    const second = await connectTo(2);
    mixes[0]!.setSources([await second.gate.open(second.link), before]);
    ear.forget();
    await expect.poll(() => ear.voices, { timeout: 5000 }).toEqual([ann]);
    const bob = speakAt(2, 'bob');
    await expect.poll(() => ear.voices, { timeout: 5000 }).toEqual([ann, bob]);
    ear.forget();
    await expect.poll(() => ear.voices, { timeout: 5000 }).toEqual([bob]);
    // Ann speaks on at the old home, which nobody hears any more.
    await sleep(500);
    expect(ear.voices).toEqual([bob]);
    expect(ear.counts.expected - ear.counts.received).toBeLessThan(3);
    for (const { gate, uplink } of [first, second]) {
      gate.close();
      uplink.close();
    }
  });

  it('and when this node itself becomes it', async () => {
    const ann = speakAt(1, 'ann');
    const { uplink, gate, link } = await connectTo(1);
    mixes[0]!.setSources([await gate.open(link)]);
    await expect.poll(() => ear.voices, { timeout: 5000 }).toEqual([ann]);
    uplink.close();
    gate.close();
    mixes[0]!.setSources([{ kind: 'mix' }]);
    const lea = speakAt(0, 'lea');
    ear.forget();
    await expect.poll(() => ear.voices, { timeout: 5000 }).toEqual([lea]);
    expect(ear.ssrcs).toEqual(new Set([mixes[0]!.ssrc]));
    expect(ear.counts.expected - ear.counts.received).toBeLessThan(3);
  });

  it('is encrypted on the way, and nothing gets in with other keys', async () => {
    speakAt(1, 'ann');
    const wire = createSocket('udp4').bind(0, LOOPBACK);
    await once(wire, 'listening');
    const { uplink, gate, link } = await connectTo(1);
    const { port } = wire.address();
    const tapped = await uplink.link('tap', { ...gate.offer(LOOPBACK), port });
    const plain = createSocket('udp4').bind(0, LOOPBACK);
    await once(plain, 'listening');
    const payloads = new Map<number, Buffer>();
    plain.on('message', (packet) => payloads.set(timestampOf(packet), payloadOf(packet)!));
    const seen: Buffer[] = [];
    wire.on('message', (packet) => seen.push(packet));
    mixes[1]!.setOutputs(
      [uplink.port, plain.address().port].map((to) => ({ address: LOOPBACK, port: to, outward: true })),
    );
    const pairs = () =>
      seen.flatMap((packet) => {
        const payload = payloads.get(timestampOf(packet));
        return payload && payload.length > 20 ? [{ packet, payload }] : [];
      });
    await expect.poll(() => pairs().length, { timeout: 5000 }).toBeGreaterThan(3);
    for (const { packet, payload } of pairs()) expect(packet.includes(payload)).toBe(false);
    plain.close();
    mixes[0]!.setSources([await gate.open({ ...link, srtpParameters: tapped.srtpParameters })]);
    await sleep(1000);
    expect(ear.voices).toEqual([]);
    wire.close();
    gate.close();
    uplink.close();
  });
});
