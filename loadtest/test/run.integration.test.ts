import { afterEach, describe, expect, it } from 'vitest';
import { TestServer } from '../../server/test/support/TestServer.ts';
import { RefusedHostError } from '../src/guard.ts';
import type { LoadTestOptions } from '../src/options.ts';
import { isSuccess } from '../src/report.ts';
import { runLoadTest } from '../src/runLoadTest.ts';

/** The whole tool against a whole server: real tickets, sockets, ICE, DTLS and SRTP. */

let server: TestServer;

afterEach(async () => {
  await server?.close();
});

async function start(env: Record<string, string> = {}): Promise<TestServer> {
  server = await TestServer.create(env);
  return server;
}

function optionsFor({ origin }: TestServer, changed: Partial<LoadTestOptions> = {}): LoadTestOptions {
  return { url: origin, listeners: 20, speakers: 2, rate: 20, durationS: 3, ownHost: false, ...changed };
}

describe('runLoadTest', () => {
  it('lets everyone join, hear every speaker without loss, and leave nothing behind', async () => {
    const report = await runLoadTest(optionsFor(await start()));

    expect(report.listeners).toEqual({ asked: 20, joined: 20, failed: [] });
    expect(isSuccess(report)).toBe(true);
    expect(report.lossPct).toBeLessThan(0.1);
    // 50 a second from each of two, but for pauses that are not sent.
    expect(report.packetsPerListenerPerSecond).toBeGreaterThan(80);
    expect(report.packetsPerListenerPerSecond).toBeLessThan(102);
    expect(report.joinMs.p50).toBeGreaterThan(0);
    expect(report.ttfaMs.p50).toBeGreaterThanOrEqual(report.joinMs.p50 ?? Number.NaN);
    expect(report.sfu.cpuUsPerPacket).toBeGreaterThan(0);
    expect(report.sfu.rssMb).toBeGreaterThan(1);
    const { api } = await server.createApi('someone');
    expect(await api.listRooms()).toEqual([]);
  });

  it('counts who failed, by reason', async () => {
    const report = await runLoadTest(optionsFor(await start({ ROOM_CAPACITY: '6' }), { listeners: 8, speakers: 1 }));
    expect(report.listeners).toEqual({ asked: 8, joined: 5, failed: [{ reason: 'ticket:ROOM_FULL', count: 3 }] });
    expect(isSuccess(report)).toBe(false);
  });

  it('reports what it has when it is stopped early', async () => {
    const options = optionsFor(await start(), { listeners: 100, rate: 10 });
    const stop = new AbortController();
    const { listeners, interrupted, lossPct } = await runLoadTest(options, {
      signal: stop.signal,
      onProgress: ({ joined }) => joined >= 5 && stop.abort('enough'),
    });
    expect(interrupted).toBe('enough');
    expect(listeners.joined).toBeGreaterThanOrEqual(5);
    expect(listeners.joined).toBeLessThan(100);
    expect(lossPct).toBeNull();
  });

  it('ends when the stage is lost, and says so', async () => {
    const options = optionsFor(await start(), { listeners: 5, durationS: 60 });
    const restarts: Promise<void>[] = [];
    const report = await runLoadTest(options, {
      onProgress: ({ phase, joined }) => {
        if (phase === 'measuring' && joined === 5 && restarts.length === 0) restarts.push(server.restart());
      },
    });
    await Promise.all(restarts);
    expect(report.interrupted).toContain('a speaker was lost');
    expect(isSuccess(report)).toBe(false);
  });

  it('touches no machine but this one', async () => {
    const options = optionsFor(await start(), { url: 'http://192.0.2.1:3000' });
    await expect(runLoadTest(options)).rejects.toThrow(RefusedHostError);
  });
});
