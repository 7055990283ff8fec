import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestServer } from '@tribune/server/test/support/TestServer.ts';
import { parseCommandLine } from '../src/options.ts';
import { runLoadTest } from '../src/run/runLoadTest.ts';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.create();
});
afterAll(async () => {
  await server?.close();
});

it('counts players over HTTP beside listeners over WebRTC: who plays, how soon, how far behind, and without a stall', async () => {
  const args = `--url ${server.origin} --plane mixed --listeners 9 --rate 20 --duration 4 --seed 1`;
  const report = await runLoadTest(parseCommandLine(args.split(' '))!.options);
  expect(report.listeners).toMatchObject({ asked: 3, joined: 3 });
  const { http } = report;
  expect(http).toMatchObject({ asked: 6, joined: 6, failed: 0, gaps: 0, reasons: [] });
  expect(http!.planes.stream).toMatchObject({ asked: 3, joined: 3, stalls: 0 });
  expect(http!.planes.stream!.behindLiveS.p95).toBeLessThan(4);
  expect(http!.planes.hls!.behindLiveS.p95).toBeLessThan(10);
});
