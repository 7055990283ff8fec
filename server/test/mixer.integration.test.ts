import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { createWorker } from 'mediasoup';
import { Registry } from 'prom-client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SpeechSender } from '@tribune/loadtest/media/SpeechSender.ts';
import { encodeSpeech, type SpeechFrame } from '@tribune/loadtest/media/speech.ts';
import { createLogger } from '../src/logger.ts';
import { watchMixer } from '../src/metrics/mixer.ts';
import { Mixer } from '../src/mixer/Mixer.ts';
import { mixRtpParameters } from '../src/mixer/mixRtpParameters.ts';
import { loadOpus } from '../src/mixer/child/opus/loadOpus.ts';
import type { MixSpeaker, RoomMix } from '../src/mixer/RoomMix.ts';
import { bindSoon } from './support/bindSoon.ts';
import { lostOf, MixEar, speakerOf } from './support/MixEar.ts';

const OPUS = { kind: 'audio', mimeType: 'audio/opus', clockRate: 48_000, channels: 2 } as const;
const config = { MIXERS: 1, MIX_BITRATE: 32_000, relayListenAddress: '127.0.0.1' } as const;
const options = {
  config,
  secret: 'a secret of more than thirty-two characters',
  logger: createLogger({ LOG_LEVEL: 'silent' }),
};

describe('the mixer process', () => {
  let speech: readonly SpeechFrame[];
  let mixer: Mixer;
  let mix: RoomMix;
  let ear: MixEar;
  let senders: SpeechSender[];
  let socket: Socket;
  beforeAll(async () => {
    speech = await encodeSpeech(new URL('../../e2e/fixtures/speech.wav', import.meta.url));
    mixer = await Mixer.create(options);
  });
  afterAll(() => mixer.close());
  beforeEach(async () => {
    mix = await mixer.openRoom('r1');
    mix.setMix({ epoch: 1, nodes: [], sound: 'speech' });
    ear = await MixEar.create();
    mix.setOutputs([{ port: ear.port, packetMs: 60 }]);
    senders = [];
    socket = createSocket('udp4');
  });
  afterEach(() => {
    for (const sender of senders) sender.stop();
    socket.close();
    ear.close();
    mix.close();
  });

  function speak(speaker: MixSpeaker): void {
    const stream = { ssrc: speaker.ssrc, payloadType: speaker.payloadType, audioLevelId: 1 };
    const sender = new SpeechSender(speech, stream, (packet) => {
      socket.send(packet, mix.port, '127.0.0.1');
      return true;
    });
    sender.start();
    senders.push(sender);
  }

  it('sends what a speaker says, and that it is them', async () => {
    const ann = speakerOf('ann', 1);
    mix.setSpeakers([ann]);
    speak(ann);
    await expect.poll(() => ear.voices, { timeout: 5000 }).toEqual([ann.voiceId]);
    await expect.poll(() => ear.loudestDbov, { timeout: 5000 }).toBeGreaterThan(-40);
    expect(ear.ssrcs).toEqual(new Set([mix.ssrc]));
  });

  it('leaves out who is muted, and who is no speaker, whatever they send', async () => {
    const ann = { ...speakerOf('ann', 1), muted: true };
    mix.setSpeakers([ann]);
    speak(ann);
    speak(speakerOf('bob', 2));
    await sleep(500);
    expect(ear.voices).toEqual([]);
    expect(ear.loudestDbov).toBeLessThan(-80);
  });

  it('mixes nothing while the stage is on another node', async () => {
    const ann = speakerOf('ann', 1);
    mix.setSpeakers([ann]);
    speak(ann);
    await expect.poll(() => ear.voices, { timeout: 5000 }).toEqual([ann.voiceId]);
    mix.setMix({ epoch: null, nodes: [], sound: 'speech' });
    // What is under way arrives.
    await sleep(200);
    const { received } = ear.counts;
    await sleep(500);
    expect(ear.counts.received).toBe(received);
  });

  it('sends the same sound in half of the packets to an output of 120 ms', async () => {
    const long = await MixEar.create();
    mix.setOutputs([
      { port: ear.port, packetMs: 60 },
      { port: long.port, packetMs: 120 },
    ]);
    const ann = speakerOf('ann', 1);
    mix.setSpeakers([ann]);
    speak(ann);
    await expect.poll(() => long.durationsMs.filter((ms) => ms === 120).length, { timeout: 10_000 }).toBe(30);
    expect(long.voices).toEqual([ann.voiceId]);
    expect(lostOf(long)).toBe(0);
    expect(ear.durationsMs).not.toContain(120);
    // What is the last of one may be still on the way to the other.
    const common = [...long.sound.keys()].filter((timestamp) => ear.sound.has(timestamp));
    expect(common.length).toBeGreaterThan(50);
    for (const timestamp of common) expect(long.sound.get(timestamp)).toEqual(ear.sound.get(timestamp));
    long.close();
  });

  it('goes from 60 to 120 ms and back without loss, and without a sound twice', async () => {
    const ann = speakerOf('ann', 1);
    mix.setSpeakers([ann]);
    speak(ann);
    for (const packetMs of [60, 120, 60, 120] as const) {
      mix.setOutputs([{ port: ear.port, packetMs }]);
      await expect.poll(() => ear.durationsMs.slice(-3), { timeout: 10_000 }).toEqual([packetMs, packetMs, packetMs]);
    }
    expect(ear.counts).toMatchObject({ duplicates: 0, reordered: 0, restarts: 0 });
    expect(lostOf(ear)).toBe(0);
    const timestamps = [...ear.sound.keys()];
    const steps = timestamps.slice(1).map((timestamp, n) => timestamp - timestamps[n]!);
    // Pauses are not sent, and are as long as some packets.
    expect(steps.filter((step) => step <= 0 || step % 2880 !== 0)).toEqual([]);
    expect(ear.durationsMs.reduce((sum, ms) => sum + ms, 0)).toBe(timestamps.length * 60);
  });

  it('goes on by itself after its process was killed: same port, same SSRC, every speaker', async () => {
    const ann = speakerOf('ann', 1);
    mix.setSpeakers([ann]);
    speak(ann);
    await expect.poll(() => ear.voices, { timeout: 5000 }).toEqual([ann.voiceId]);
    const pid = mixer.findPid('r1')!;
    const [restarted, renumbered] = [once(mixer, 'restarted'), once(mix, 'renumbered')];
    process.kill(pid, 'SIGKILL');
    await Promise.all([restarted, renumbered]);
    expect(mixer.findPid('r1')).not.toBe(pid);
    ear.forget();
    await expect.poll(() => ear.voices, { timeout: 5000 }).toEqual([ann.voiceId]);
    expect(ear.ssrcs).toEqual(new Set([mix.ssrc]));
    expect(ear.ports).toEqual(new Set([mix.port]));
  });

  it('is not ready while it hangs, and is replaced', async () => {
    const [pid] = mixer.pids;
    const restarted = once(mixer, 'restarted');
    expect(mixer.ready).toBe(true);
    process.kill(pid!, 'SIGSTOP');
    await expect.poll(() => mixer.ready, { timeout: 5000 }).toBe(false);
    await restarted;
    expect(mixer.ready).toBe(true);
    expect(mixer.pids).not.toContain(pid);
  });

  it('tells an operator which libopus it uses', async () => {
    const registry = new Registry();
    watchMixer(mixer, registry);
    const { name, version } = await loadOpus();
    expect(mixer.codec).toEqual({ name, version });
    expect(await registry.metrics()).toContain(
      `tribune_mixer_codec_info{implementation="${name}",version="${version}"} 1`,
    );
  });

  it('is taken in by mediasoup, and who speaks goes through to who listens', async () => {
    const worker = await createWorker({
      logLevel: 'error',
      ...(process.env.MEDIASOUP_WORKER_BIN ? { workerBin: process.env.MEDIASOUP_WORKER_BIN } : {}),
    });
    try {
      const router = await worker.createRouter({ mediaCodecs: [OPUS] });
      const listenInfo = { protocol: 'udp', ip: '127.0.0.1' } as const;
      const ingest = await router.createPlainTransport({ listenInfo, comedia: true, rtcpMux: true });
      const producer = await ingest.produce({ kind: 'audio', rtpParameters: mixRtpParameters(mix.ssrc) });
      const outlet = await router.createPlainTransport({ listenInfo, rtcpMux: true });
      await outlet.connect({ ip: '127.0.0.1', port: ear.port });
      await outlet.consume({ producerId: producer.id, rtpCapabilities: router.rtpCapabilities });
      const ann = speakerOf('ann', 1);
      mix.setSpeakers([ann]);
      mix.setOutputs([{ port: ingest.tuple.localPort, packetMs: 60 }]);
      speak(ann);
      await expect.poll(() => ear.voices, { timeout: 5000 }).toEqual([ann.voiceId]);
    } finally {
      worker.close();
    }
  });

  it('counts its rooms, its speakers and its ticks, and the ticks of the process before it', async () => {
    mix.setSpeakers([speakerOf('ann', 1), speakerOf('bob', 2)]);
    await expect.poll(async () => (await mixer.getUsage()).ticks, { timeout: 5000 }).toBeGreaterThan(10);
    const before = await mixer.getUsage();
    expect(before).toMatchObject({ rooms: 1, speakers: 2 });
    const restarted = once(mixer, 'restarted');
    process.kill(mixer.pids[0]!, 'SIGKILL');
    await restarted;
    expect((await mixer.getUsage()).ticks).toBeGreaterThanOrEqual(before.ticks);
  });

  it('is lost, and another one can be had, where its port is taken when its process is replaced', async () => {
    const { port } = mix;
    const lost = once(mix, 'lost');
    process.kill(mixer.pids[0]!, 'SIGKILL');
    const occupant = await bindSoon(port);
    await lost;
    mix = await mixer.openRoom('r1');
    expect(mix.port).not.toBe(port);
    occupant.close();
  });
});
