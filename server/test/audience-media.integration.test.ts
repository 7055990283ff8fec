import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readConfig } from '../src/config.ts';
import { createLogger } from '../src/logger.ts';
import type { AudienceRouter } from '../src/media/AudienceRouter.ts';
import { RoomMedia } from '../src/media/RoomMedia.ts';
import { WorkerPool } from '../src/media/WorkerPool.ts';
import { Mixer } from '../src/mixer/Mixer.ts';
import { Reception } from '../src/media/Reception.ts';
import { bindSoon } from './support/bindSoon.ts';
import { MediaCensus } from './support/MediaCensus.ts';
import { fakeRtpParameters } from './support/rtpParameters.ts';

/** A room stays on a worker until another has so many listeners less. */
const LISTENERS_OF_ONE_WORKER = 16;

describe('the media of a room', () => {
  const logger = createLogger({ LOG_LEVEL: 'silent' });
  const census = new MediaCensus();
  let pool: WorkerPool;
  let mixer: Mixer;
  let media: RoomMedia;
  beforeEach(async () => {
    const config = readConfig({
      ...{
        REDIS_URL: 'redis://localhost',
        WORKERS: '3',
        MIXERS: '1',
        MEDIA_PORT: '0',
        MEDIA_LISTEN_ADDRESS: '127.0.0.1',
      },
      MEDIASOUP_WORKER_BIN: process.env.MEDIASOUP_WORKER_BIN,
    });
    pool = await WorkerPool.create(config, logger);
    mixer = await Mixer.create({ config, secret: 'a secret of more than thirty-two characters', logger });
    media = new RoomMedia({ roomId: 'r1', pool, mixer, address: '127.0.0.1' });
  });
  afterEach(() => {
    media.close();
    mixer.close();
    pool.close();
  });

  it('a worker that dies while it gets the mix of a room leaves the listeners of another worker theirs', async () => {
    const audience = await media.openAudience();
    const endpoints = [];
    for (let count = 0; count < LISTENERS_OF_ONE_WORKER; count++) endpoints.push(await audience.createEndpoint());
    const [mix] = census.mixes.keys();
    const usage = await pool.getUsage();
    // The next listener goes to the worker that has nobody, which does not answer any more.
    const idle = usage.findLast(({ listeners }) => listeners === 0)!;
    process.kill(idle.pid, 'SIGSTOP');
    const seating = audience.createEndpoint();
    await sleep(100);
    process.kill(idle.pid, 'SIGKILL');
    await seating;
    expect(endpoints[0]!.source.closed).toBe(false);
    expect(mix!.closed).toBe(false);
    // One for each worker, and none that took the place of another.
    const workers = [...census.mixes.values()].map(({ pid }) => pid);
    expect(new Set(workers).size).toBe(workers.length);
  });

  it('a voice or a listener that goes with its worker while that is asked for a consumer is no error', async () => {
    media.setStage('here');
    const stage = await media.openStage();
    await media.openAudience();
    const { transport } = await stage.createEndpoint();
    const producer = await transport.produce({ kind: 'audio', rtpParameters: fakeRtpParameters(1000) });
    const reception = new Reception(await stage.createEndpoint(), pool.rtpCapabilities);
    const pid = [...census.producers.values()][0]!.pid;
    process.kill(pid, 'SIGSTOP');
    const asked = [stage.addProducer('lea', producer), reception.consume(producer, 'lea', { paused: false })];
    process.kill(pid, 'SIGKILL');
    expect((await Promise.allSettled(asked)).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
  });

  it('a mix that could not be fed with the stage is not kept: the next who asks gets one with voices', async () => {
    media.setStage('here');
    const stage = await media.openStage();
    const { transport } = await stage.createEndpoint();
    const producer = await transport.produce({ kind: 'audio', rtpParameters: fakeRtpParameters(1000) });
    await stage.addProducer('lea', producer);
    vi.spyOn(stage.mediaRouter, 'createLoopback').mockRejectedValueOnce(new Error('the worker was busy'));
    await expect(media.openAudience()).rejects.toThrow('the worker was busy');
    await media.openAudience();
    await expect.poll(async () => (await mixer.getUsage()).speakers, { timeout: 3000 }).toBe(1);
  });

  it('says where it takes the mix from other nodes while somebody listens, and not otherwise', async () => {
    expect(media.mixEndpoint).toBeNull();
    const audience = await media.openAudience();
    expect(media.mixEndpoint).toBeNull();
    const { transport } = await audience.createEndpoint();
    expect(media.mixEndpoint).toEqual({ address: '127.0.0.1', port: audience.mix.relayPort });
    transport.close();
    expect(media.mixEndpoint).toBeNull();
  });

  it('opens the mix for other nodes though nobody listens here', async () => {
    await media.setMix({ epoch: 1, nodes: [], sound: 'speech' });
    expect(media.audience).toBeNull();
    await media.setMix({ epoch: 1, nodes: [{ address: '127.0.0.1', port: 40_000 }], sound: 'speech' });
    expect(media.audience).not.toBeNull();
  });

  it('has longer packets sent to a worker that many listen at, and shorter ones again to one that few do', async () => {
    const audience = await media.openAudience();
    const setOutputs = vi.spyOn(audience.mix, 'setOutputs');
    const { source, transport } = await audience.createEndpoint();
    const { port } = source as AudienceRouter;
    const outputs = () => setOutputs.mock.lastCall?.[0];
    expect(outputs()).toEqual([{ port, packetMs: 60 }]);
    const { worker } = source.mediaRouter;
    const others = Array.from({ length: 499 }, () => worker.holdListener());
    expect(outputs()).toEqual([{ port, packetMs: 120 }]);
    for (const release of others.splice(150)) release();
    expect(outputs()).toEqual([{ port, packetMs: 60 }]);
    for (const release of others) release();
    transport.close();
    expect(outputs()).toEqual([]);
  });

  it('asks listeners to start anew where the mix gets another port, and nobody else', async () => {
    media.setStage('here');
    const stage = await media.openStage();
    const audience = await media.openAudience();
    await audience.createEndpoint();
    const lost = once(media, 'audienceLost');
    const { port } = audience.mix;
    process.kill(mixer.findPid('r1')!, 'SIGKILL');
    const occupant = await bindSoon(port);
    await lost;
    const next = await media.openAudience();
    await next.createEndpoint();
    expect(next.mix.port).not.toBe(port);
    expect(stage.closed).toBe(false);
    // One to the mix that there is now, and none to the one that is gone.
    expect(census.loopbacks.size).toBe(2);
    occupant.close();
  });

  it('keeps the router of a stage that comes back while it is leaving, and not of one that is away', async () => {
    media.setStage('here');
    const stage = await media.openStage();
    media.setStage('leaving');
    media.setStage('here');
    expect(await media.openStage()).toBe(stage);
    media.setStage('away');
    expect(stage.closed).toBe(true);
    await expect(media.openStage()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
