import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SpeechSender } from '../../loadtest/src/SpeechSender.ts';
import { encodeSpeech, type SpeechFrame } from '../../loadtest/src/speech.ts';
import { createLogger } from '../src/logger.ts';
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
    mixes[home]!.setOutputs([{ address: LOOPBACK, port: uplink.port }]);
    const gate = await MixGate.create(await lane(0), mixes[0]!);
    return { uplink, gate, link: await uplink.link(gate.id, gate.offer(LOOPBACK)) };
  }

  it('is heard on another node as it is on its home, without loss', async () => {
    const ann = speakAt(1, 'ann');
    const { uplink, gate, link } = await connectTo(1);
    await gate.open(link);
    await expect.poll(() => ear.voices, { timeout: 5000 }).toEqual([ann]);
    await expect.poll(() => ear.loudestDbov, { timeout: 5000 }).toBeGreaterThan(-40);
    expect(ear.ssrcs).toEqual(new Set([mixes[0]!.ssrc]));
    const { expected, received } = ear.counts;
    expect(received).toBe(expected);
    gate.close();
    uplink.close();
  });

  it('goes on as the same stream when another node becomes the home', async () => {
    const ann = speakAt(1, 'ann');
    const first = await connectTo(1);
    await first.gate.open(first.link);
    await expect.poll(() => ear.voices, { timeout: 5000 }).toEqual([ann]);
    first.uplink.close();
    const bob = speakAt(2, 'bob');
    const second = await connectTo(2);
    await second.gate.open(second.link);
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

  it('and when this node itself becomes it', async () => {
    const ann = speakAt(1, 'ann');
    const { uplink, gate, link } = await connectTo(1);
    await gate.open(link);
    await expect.poll(() => ear.voices, { timeout: 5000 }).toEqual([ann]);
    uplink.close();
    gate.close();
    mixes[0]!.setSource({ kind: 'mix' });
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
    const [packet] = (await once(wire, 'message')) as [Buffer];
    // A header and a tag of SRTP at least; whether it is encrypted is what the keys below tell.
    expect(packet.length).toBeGreaterThan(12 + 16);
    await gate.open({ ...link, srtpParameters: tapped.srtpParameters });
    await sleep(1000);
    expect(ear.voices).toEqual([]);
    wire.close();
    gate.close();
    uplink.close();
  });
});
