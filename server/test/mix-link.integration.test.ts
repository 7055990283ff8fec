import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SpeechSender } from '@tribune/loadtest/media/SpeechSender.ts';
import { encodeSpeech, type SpeechFrame } from '@tribune/loadtest/media/speech.ts';
import { createLogger } from '../src/logger.ts';
import { AudienceRouter } from '../src/media/AudienceRouter.ts';
import { WorkerPool } from '../src/media/WorkerPool.ts';
import { Mixer } from '../src/mixer/Mixer.ts';
import type { Endpoint } from '../src/mixer/mixerMessages.ts';
import type { RoomMix } from '../src/mixer/RoomMix.ts';
import { readConfig } from '../src/config.ts';
import { bindSoon } from './support/bindSoon.ts';
import { MixEar, speakerOf } from './support/MixEar.ts';

const LOOPBACK = '127.0.0.1';
/** Another address of this machine: packets for a mixer come through there with its port, which their key is bound to. */
const DETOUR = '127.0.2.1';
const SECRET = 'a secret that the nodes of the test have in common';
const logger = createLogger({ LOG_LEVEL: 'silent' });
const config = readConfig({
  ...{ REDIS_URL: 'redis://localhost', WORKERS: '1', MIXERS: '1', MEDIA_PORT: '0', MEDIA_LISTEN_ADDRESS: LOOPBACK },
  MEDIASOUP_WORKER_BIN: process.env.MEDIASOUP_WORKER_BIN,
});

describe('the mix between nodes', () => {
  let speech: readonly SpeechFrame[];
  let mixers: readonly Mixer[];
  let mixes: RoomMix[];
  let ear: MixEar;
  let socket: Socket;
  let senders: SpeechSender[];
  /** Node 0, at which the ear hears, as others reach it. */
  let node0: Endpoint;
  beforeAll(async () => {
    speech = await encodeSpeech(new URL('../../e2e/fixtures/speech.wav', import.meta.url));
    const createMixer = async () => Mixer.create({ config, secret: SECRET, logger });
    mixers = await Promise.all([createMixer(), createMixer(), createMixer()]);
  });
  afterAll(() => {
    for (const mixer of mixers) mixer.close();
  });
  beforeEach(async () => {
    mixes = await Promise.all(mixers.map(async (mixer) => mixer.openRoom('r1')));
    ear = await MixEar.create();
    mixes[0]!.setOutputs([{ port: ear.port, packetMs: 60 }]);
    node0 = { address: LOOPBACK, port: mixes[0]!.relayPort };
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

  /** This node is the home under this epoch, and sends the mix to node 0. */
  function mixAt(node: number, epoch: number, to: Endpoint = node0): void {
    mixes[node]!.setMix({ epoch, nodes: [to], sound: 'speech' });
  }

  /** A network before node 0: what `pass` does with a packet is what comes of it. */
  async function createDetour(pass: (packet: Buffer, forward: (packet: Buffer) => void) => void) {
    const network = createSocket('udp4').bind(node0.port, DETOUR);
    await once(network, 'listening');
    const forward = (packet: Buffer) => network.send(packet, node0.port, node0.address);
    network.on('message', (packet) => pass(packet, forward));
    return { endpoint: { address: DETOUR, port: node0.port }, forward, close: () => network.close() };
  }

  const lost = () => ear.counts.expected - ear.counts.received;

  it('is heard on another node as it is on its home, without loss', async () => {
    const ann = speakAt(1, 'ann');
    mixAt(1, 1);
    await expect.poll(() => ear.voices, { timeout: 5000 }).toEqual([ann]);
    await expect.poll(() => ear.loudestDbov, { timeout: 5000 }).toBeGreaterThan(-40);
    expect(ear.ssrcs).toEqual(new Set([mixes[0]!.ssrc]));
    expect(lost()).toBe(0);
  });

  it('reaches a listener of the other node through one consumer, whichever node is the home', async () => {
    const pool = await WorkerPool.create(config, logger);
    const listener = await MixEar.create();
    const mediaRouter = await pool.createStageRouter();
    const audienceRouter = await AudienceRouter.create(mediaRouter, mixes[0]!);
    const transport = await mediaRouter.createLoopback(listener.port);
    const consumer = await transport.consume({
      producerId: audienceRouter.producer.id,
      rtpCapabilities: { ...mediaRouter.rtpCapabilities, headerExtensions: [] },
    });
    mixes[0]!.setOutputs([{ port: audienceRouter.port, packetMs: 60 }]);
    const ann = speakAt(1, 'ann');
    mixAt(1, 1);
    await expect.poll(() => listener.voices, { timeout: 5000 }).toEqual([ann]);
    const bob = speakAt(2, 'bob');
    mixAt(2, 2);
    await expect.poll(() => listener.voices, { timeout: 5000 }).toEqual([ann, bob]);
    expect(consumer.closed).toBe(false);
    expect(listener.ssrcs).toEqual(new Set([consumer.rtpParameters.encodings![0]!.ssrc]));
    expect(listener.counts.expected - listener.counts.received).toBeLessThan(3);
    listener.close();
    pool.close();
  });

  it('keeps what is lost between nodes a gap, what is overtaken in its place, and what comes twice once', async () => {
    // Once it is heard, one in twenty of sixty is lost, one in twenty is overtaken by the next, and one in twenty comes twice.
    let sent = 0;
    let held: Buffer | null = null;
    const detour = await createDetour((packet, forward) => {
      const place = ear.voices.length === 0 || sent === 60 ? 0 : sent++ % 20;
      if (place === 5) return;
      if (place === 10) held = packet;
      else forward(packet);
      if (place === 11 && held) forward(held);
      if (place === 15) forward(packet);
    });
    const ann = speakAt(1, 'ann');
    mixAt(1, 1, detour.endpoint);
    await expect.poll(() => sent, { timeout: 20_000 }).toBe(60);
    await expect.poll(lost, { timeout: 5000 }).toBe(3);
    expect(ear.counts).toMatchObject({ reordered: 3, duplicates: 0, restarts: 0 });
    expect(ear.voices).toEqual([ann]);
    detour.close();
  });

  it('goes on without a gap when the epoch of its home changes', async () => {
    const ann = speakAt(1, 'ann');
    mixAt(1, 1);
    await expect.poll(() => ear.voices, { timeout: 5000 }).toEqual([ann]);
    for (const epoch of [2, 3, 4]) {
      ear.forget();
      mixAt(1, epoch);
      await expect.poll(() => ear.voices, { timeout: 5000 }).toEqual([ann]);
    }
    expect(lost()).toBe(0);
    expect(ear.counts).toMatchObject({ restarts: 0 });
  });

  it('is heard from the home that was until someone speaks at the one that is', async () => {
    const ann = speakAt(1, 'ann');
    mixAt(1, 1);
    await expect.poll(() => ear.voices, { timeout: 5000 }).toEqual([ann]);
    mixAt(2, 2);
    ear.forget();
    await expect.poll(() => ear.voices, { timeout: 5000 }).toEqual([ann]);
    const bob = speakAt(2, 'bob');
    await expect.poll(() => ear.voices, { timeout: 5000 }).toEqual([ann, bob]);
    ear.forget();
    await expect.poll(() => ear.voices, { timeout: 5000 }).toEqual([bob]);
    // Ann speaks on at the old home, which nobody hears any more.
    await sleep(500);
    expect(ear.voices).toEqual([bob]);
    expect(ear.ports).toEqual(new Set([mixes[0]!.port]));
    expect(ear.ssrcs).toEqual(new Set([mixes[0]!.ssrc]));
    expect(lost()).toBeLessThan(3);
  });

  it('and when this node itself becomes it, and gives the stage away again', async () => {
    const ann = speakAt(1, 'ann');
    mixAt(1, 1);
    await expect.poll(() => ear.voices, { timeout: 5000 }).toEqual([ann]);
    const lea = speakAt(0, 'lea');
    mixes[0]!.setMix({ epoch: 2, nodes: [], sound: 'speech' });
    await expect.poll(() => ear.voices, { timeout: 5000 }).toEqual([ann, lea]);
    mixes[1]!.setMix({ epoch: null, nodes: [], sound: 'speech' });
    ear.forget();
    await expect.poll(() => ear.voices, { timeout: 5000 }).toEqual([lea]);
    mixAt(1, 3);
    await expect.poll(() => ear.voices, { timeout: 5000 }).toEqual([lea, ann]);
    mixes[0]!.setMix({ epoch: null, nodes: [], sound: 'speech' });
    ear.forget();
    await expect.poll(() => ear.voices, { timeout: 5000 }).toEqual([ann]);
    expect(ear.ssrcs).toEqual(new Set([mixes[0]!.ssrc]));
    expect(lost()).toBeLessThan(4);
  });

  it('does not go on to other nodes from a node that only receives it', async () => {
    let relayed = 0;
    const third = createSocket('udp4').on('message', () => relayed++);
    third.bind(0, LOOPBACK);
    await once(third, 'listening');
    const ann = speakAt(1, 'ann');
    mixes[0]!.setMix({ epoch: null, nodes: [{ address: LOOPBACK, port: third.address().port }], sound: 'speech' });
    mixAt(1, 1);
    await expect.poll(() => ear.voices, { timeout: 5000 }).toEqual([ann]);
    expect(relayed).toBe(0);
    third.close();
  });

  it('goes on by itself when the mixer that makes it dies, and when the one that takes it dies', async () => {
    const ann = speakAt(1, 'ann');
    mixAt(1, 1);
    await expect.poll(() => ear.voices, { timeout: 5000 }).toEqual([ann]);
    for (const mixer of [mixers[1]!, mixers[0]!]) {
      const restarted = once(mixer, 'restarted');
      process.kill(mixer.pids[0]!, 'SIGKILL');
      await restarted;
      ear.forget();
      await expect.poll(() => ear.voices, { timeout: 5000 }).toEqual([ann]);
    }
    expect(mixes[0]!.relayPort).toBe(node0.port);
  });

  it('takes another port for other nodes where the one that it had is taken, and says so', async () => {
    const restarted = once(mixers[0]!, 'restarted');
    process.kill(mixers[0]!.pids[0]!, 'SIGKILL');
    const occupant = await bindSoon(node0.port);
    await restarted;
    await expect.poll(() => mixes[0]!.relayPort, { timeout: 5000 }).not.toBe(node0.port);
    const ann = speakAt(1, 'ann');
    mixAt(1, 1, { address: LOOPBACK, port: mixes[0]!.relayPort });
    await expect.poll(() => ear.voices, { timeout: 5000 }).toEqual([ann]);
    occupant.close();
  });

  it('lets nothing in that is sealed with another secret, forged, or sent again', async () => {
    const stranger = await Mixer.create({ config, secret: 'a secret that is of none of these nodes', logger });
    mixes.push(await stranger.openRoom('r1'));
    const seen: Buffer[] = [];
    const detour = await createDetour((packet, forward) => {
      seen.push(packet);
      const forged = Buffer.from(packet);
      forged[forged.length - 20]! ^= 1;
      forward(forged);
    });
    speakAt(3, 'eve');
    mixAt(3, 9);
    speakAt(1, 'ann');
    mixAt(1, 1, detour.endpoint);
    await expect.poll(() => seen.length, { timeout: 5000 }).toBeGreaterThan(20);
    expect(ear.counts.received).toBe(0);
    // The same packets as they were sent, and then once more.
    const genuine = seen.slice(0, 20);
    for (const packet of [...genuine, ...genuine]) detour.forward(packet);
    await expect.poll(() => ear.counts.received, { timeout: 5000 }).toBe(20);
    expect(ear.counts).toMatchObject({ duplicates: 0 });
    detour.close();
    stranger.close();
  });
});
