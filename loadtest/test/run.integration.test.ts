import { afterEach, describe, expect, it } from 'vitest';
import { TestServer } from '@tribune/server/test/support/TestServer.ts';
import { RefusedHostError } from '../src/guard.ts';
import { parseCommandLine, type LoadTestOptions } from '../src/options.ts';
import { formatHtml } from '../src/report/html.ts';
import { formatTable } from '../src/report/table.ts';
import { isSuccess } from '../src/report/report.ts';
import { joinRun } from '../src/machines/joinRun.ts';
import type { Progress } from '../src/run/progress.ts';
import { runLoadTest } from '../src/run/runLoadTest.ts';

/** The whole tool against a whole server: real tickets, sockets, ICE, DTLS and SRTP. */

let server: TestServer;

afterEach(async () => {
  await server?.close();
});

async function start(env: Record<string, string> = {}): Promise<TestServer> {
  server = await TestServer.create(env);
  return server;
}

function optionsFor(
  { origin }: TestServer,
  changed: Partial<LoadTestOptions> = {},
  args = '--rate 20',
): LoadTestOptions {
  const standard = `--url ${origin} --listeners 20 --speakers 2 --duration 3`;
  return { ...parseCommandLine(`${standard} ${args}`.split(' '))!.options, ...changed };
}

describe('runLoadTest', () => {
  it('lets everyone join, hear the mix without loss, and leave nothing behind', async () => {
    const report = await runLoadTest(optionsFor(await start()));

    expect(report.listeners).toMatchObject({ asked: 20, joined: 20, failed: [] });
    expect(isSuccess(report)).toBe(true);
    expect(report.lossPct).toBeLessThan(0.1);
    // One mix in packets of 60 ms, whoever speaks, but for pauses that are not sent.
    expect(report.packetsPerListenerPerSecond).toBeGreaterThan(10);
    expect(report.packetsPerListenerPerSecond).toBeLessThan(18);
    expect(report.joinMs.p50).toBeGreaterThan(0);
    expect(report.ttfaMs.p50).toBeGreaterThanOrEqual(report.joinMs.p50 ?? Number.NaN);
    expect(report.sfu.cpuUsPerPacket).toBeGreaterThan(0);
    expect(report.sfu.rssMb).toBeGreaterThan(1);
    expect(report.cdf.ttfaMs).toHaveLength(101);
    expect(report.limit).not.toBe('unknown');
    expect(report.series.at(-1)).toMatchObject({ phase: 'measuring', arrived: 20, joined: 20, failed: 0 });
    expect(report.series.at(-1)?.workers[0]?.rssMb).toBeGreaterThan(1);
    const { api } = await server.createApi('someone');
    expect(await api.listRooms()).toEqual([]);
  });

  it('lets every listener in whom the server told to come back later', async () => {
    const report = await runLoadTest(optionsFor(await start({ JOINS_PER_S: '8' }), { speakers: 1 }, '--flash 20'));
    expect(report.listeners).toMatchObject({ asked: 20, joined: 20, failed: [] });
    expect(report.listeners.toldToWait).toBeGreaterThan(5);
    expect(report.joinMs.p95).toBeGreaterThan(1000);
  });

  it('lets people leave and come back, lose their connection, applaud and raise hands, and calls none of it loss', async () => {
    const args =
      '--rate 20 --hold 6 --duration 5 --churn 300 --reconnects 300 --reactions 4 --hands 120 --mute-every 0.7 --seed 5';
    const report = await runLoadTest(optionsFor(await start(), {}, args));
    expect(report.listeners).toMatchObject({ asked: 20, joined: 20, failed: [] });
    const { behaviour, lossPct } = report;
    expect(behaviour?.left).toBeGreaterThan(0);
    expect(behaviour?.returned).toBe(behaviour?.left);
    expect(behaviour?.cut).toBeGreaterThan(0);
    // Nobody who is cut off for a moment loses the media that they had.
    expect(behaviour?.kept).toBe(behaviour?.cut);
    expect(behaviour?.reactions).toBeGreaterThan(5);
    expect(behaviour?.hands).toBeGreaterThan(2);
    expect(behaviour?.refused).toBe(0);
    expect(behaviour?.mutes).toBeGreaterThan(4);
    expect(lossPct).toBeLessThan(0.5);
  });

  it('counts failures by reason', async () => {
    const report = await runLoadTest(optionsFor(await start({ ROOM_CAPACITY: '6' }), { listeners: 8, speakers: 1 }));
    expect(report.listeners).toMatchObject({ asked: 8, joined: 5 });
    // Two who come at the same moment may both get a ticket for the last place.
    for (const { reason } of report.listeners.failed) expect(reason).toMatch(/^(ticket|socket):ROOM_FULL$/);
    expect(report.listeners.failed.reduce((sum, { count }) => sum + count, 0)).toBe(3);
    expect(isSuccess(report)).toBe(false);
  });

  it('reports what it has when it is stopped early', async () => {
    const options = optionsFor(await start(), { listeners: 100 }, '--rate 10');
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

  it('lets people come all at once', async () => {
    const report = await runLoadTest(optionsFor(await start(), {}, '--flash 20'));
    expect(report.listeners).toMatchObject({ asked: 20, joined: 20, failed: [] });
  });

  it('lets those who come before the start wait, and counts their time from the start', async () => {
    let mostWaiting = 0;
    let joinedBeforehand = 0;
    const report = await runLoadTest(optionsFor(await start(), {}, '--scenario launch --span 8 --seed 1'), {
      onProgress: ({ waiting, joined }) => {
        mostWaiting = Math.max(mostWaiting, waiting);
        if (waiting > 0 && mostWaiting < 5) joinedBeforehand += joined;
      },
    });
    expect(report.listeners).toMatchObject({ asked: 20, joined: 20, failed: [] });
    expect(mostWaiting).toBeGreaterThanOrEqual(4);
    expect(joinedBeforehand).toBe(0);
    expect(report.joinMs.p50).toBeGreaterThan(0);
  });

  it('spreads listeners over processes, and counts them together', async () => {
    const report = await runLoadTest(optionsFor(await start(), {}, '--processes 3'));
    expect(report.listeners).toMatchObject({ asked: 20, joined: 20, failed: [] });
    expect(report.window?.listeners).toBe(20);
    expect(report.packetsPerListenerPerSecond).toBeGreaterThan(10);
    expect(report.packetsPerListenerPerSecond).toBeLessThan(18);
    expect(report.lossPct).toBeLessThan(0.1);
  });

  it('sends a listener no more packets when more people stand on stage', async () => {
    const report = await runLoadTest(optionsFor(await start(), { listeners: 5 }, '--speakers 3 --open-mics 1'));
    expect(report.listeners.joined).toBe(5);
    expect(report.packetsPerListenerPerSecond).toBeLessThan(18);
  });

  it('spreads listeners over rooms with speakers of their own, and tells how each room fared', async () => {
    const { origin } = await start();
    const args = `--url ${origin} --rooms 3 --listeners 18 --speakers 2 --rate 20 --duration 3 --processes 2`;
    const report = await runLoadTest(parseCommandLine(args.split(' '))!.options);
    expect(report.listeners).toMatchObject({ asked: 18, joined: 18, failed: [] });
    expect(report.speakers.count).toBe(6);
    const { each, sum, worst, count } = report.rooms!;
    expect(count).toBe(3);
    expect(each.map(({ asked, joined }) => [asked, joined])).toEqual([
      [6, 6],
      [6, 6],
      [6, 6],
    ]);
    for (const { packetsPerListenerPerSecond, ttfaMsP95 } of each) {
      expect(packetsPerListenerPerSecond).toBeGreaterThan(10);
      expect(ttfaMsP95).toBeGreaterThan(0);
    }
    expect(sum).toMatchObject({ asked: 18, joined: 18, lossPct: report.lossPct, ttfaMsP95: report.ttfaMs.p95 });
    expect(worst.lossPct).toBe(Math.max(...each.map(({ lossPct }) => lossPct ?? Number.NaN)));
    expect(formatTable(report)).toContain('of 3 rooms');
    expect(formatHtml(report)).toContain('room 3');
    const { api } = await server.createApi('someone');
    expect(await api.listRooms()).toEqual([]);
  });

  describe('with another machine', () => {
    const key = 'known to both of them';

    /** Lends this machine to the run that announces where it may be joined. */
    function lend(stop = new AbortController()) {
      let joined: Promise<void> | null = null;
      const onNotice = (notice: string) => {
        const port = / --join THIS_HOST:(\d+) /.exec(notice)?.[1];
        const options = { host: '127.0.0.1', port: Number(port), key, processes: 1, ownHost: false };
        if (port !== undefined) joined = joinRun(options, () => undefined, stop.signal);
      };
      return { onNotice, key, ended: async () => joined };
    }

    it('spreads listeners over both, and tells of it', async () => {
      const { ended, ...hooks } = lend();
      const report = await runLoadTest(optionsFor(await start(), {}, '--rate 20 --coordinate 0'), hooks);
      await ended();
      expect(report.listeners).toMatchObject({ asked: 20, joined: 20, failed: [] });
      expect(report.machines).toMatchObject([{ processes: 1 }]);
      expect(report.lossPct).toBeLessThan(0.1);
      expect(report.limit).not.toBe('unknown');
    });

    it('ends when that goes, and says so', async () => {
      const stop = new AbortController();
      const { ended, ...hooks } = lend(stop);
      const onProgress = ({ phase }: Progress) => phase === 'measuring' && stop.abort();
      const options = optionsFor(await start(), { durationS: 30, holdS: 30 }, '--rate 20 --coordinate 0');
      const report = await runLoadTest(options, { ...hooks, onProgress });
      await ended();
      expect(report.interrupted).toMatch(/the machine .* is gone/);
      expect(report.listeners.failed).toContainEqual({ reason: 'generator:lost', count: 10 });
    });
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
