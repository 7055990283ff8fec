import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from '@tribune/server/test/support/TestServer.ts';
import { parseCommandLine } from '../src/options.ts';
import type { Report } from '../src/report/report.ts';
import { runLoadTest } from '../src/run/runLoadTest.ts';

/** Light, full and slow listeners in one room of a whole server. */

let server: TestServer;

beforeAll(async () => {
  server = await TestServer.create();
});

afterAll(async () => {
  await server?.close();
});

async function run(args: string): Promise<Report> {
  const all = `--url ${server.origin} --speakers 2 --rate 20 --duration 3 --seed 1 ${args}`;
  return runLoadTest(parseCommandLine(all.split(' '))!.options);
}

describe('the kinds of listener', () => {
  it('hear the same, light and full', async () => {
    const { kinds, listeners, latencyMs, mos } = await run('--listeners 12 --full 6');
    expect(listeners).toMatchObject({ asked: 12, joined: 12, failed: [] });
    expect(kinds.slow).toBeNull();
    for (const group of [kinds.light!, kinds.full!]) {
      expect(group).toMatchObject({ asked: 6, joined: 6, inflictedLossPct: 0 });
      expect(group.lossPct).toBeLessThan(0.1);
      expect(group.latencyMs.p50).toBeGreaterThan(0);
    }
    expect(kinds.full?.corrupt).toBe(0);
    expect(kinds.light?.corrupt).toBeNull();
    expect(latencyMs.p95).toBeGreaterThanOrEqual(latencyMs.p50!);
    expect(mos.p50).toBeGreaterThan(4);
  });

  it('are told apart from those behind a slow network, whose loss is not the server’s', async () => {
    const { kinds, lossPct } = await run('--listeners 18 --full 9 --slow 33%:loss=20%,delay=60,jitter=20');
    const [light, full] = [kinds.light!, kinds.full!];
    expect([light.joined, full.joined]).toEqual([light.asked, full.asked]);
    expect(lossPct).toBeLessThan(0.1);
    const { slow } = kinds;
    // A handshake may well fail behind such a network.
    expect(slow?.asked).toBe(6);
    expect(slow?.joined).toBeGreaterThan(0);
    // What the dice took of some hundred packets is known exactly, so that what is counted is held to that and not to 20 %.
    expect(slow?.inflictedLossPct).toBeGreaterThan(5);
    expect(slow?.inflictedLossPct).toBeLessThan(40);
    expect(Math.abs(slow!.lossPct! - slow!.inflictedLossPct!)).toBeLessThan(2);
    expect(slow?.latencyMs.p50).toBeGreaterThan(59);
    expect(slow!.mos.p50!).toBeLessThan(light.mos.p50!);
    expect(slow?.gaps.perMinute).toBeGreaterThan(10);
  });
});
