import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { TestServer } from './support/TestServer.ts';

const hasIpv6 = networkInterfaces().lo?.some(({ address }) => address === '::1') ?? false;

describe('what is for whoever runs the server', () => {
  let server: TestServer | null = null;
  afterEach(async () => {
    await server?.close();
    server = null;
  });

  async function statusesOf(origin: string): Promise<Record<string, number>> {
    const paths = ['/healthz', '/readyz', '/cluster', '/metrics', '/api/rooms'];
    return Object.fromEntries(
      await Promise.all(paths.map(async (path) => [path, (await fetch(origin + path)).status] as const)),
    );
  }

  it('is on a port of its own where there is one, and nothing else is there', async () => {
    server = await TestServer.create({ METRICS_PORT: '0' });
    const operations = `http://127.0.0.1:${server.server.metricsPort}`;
    expect(operations).not.toBe(server.origin);
    expect(await statusesOf(operations)).toEqual({
      ...{ '/healthz': 200, '/readyz': 200, '/cluster': 200, '/metrics': 200, '/api/rooms': 404 },
    });
    expect(await statusesOf(server.origin)).toEqual({
      ...{ '/healthz': 200, '/readyz': 404, '/cluster': 404, '/metrics': 404, '/api/rooms': 200 },
    });
  });

  it('is on the one port where no other is set', async () => {
    server = await TestServer.create();
    expect(new Set(Object.values(await statusesOf(server.origin)))).toEqual(new Set([200]));
  });

  it('an idle connection is kept for longer than balancers keep theirs', async () => {
    server = await TestServer.create({ METRICS_PORT: '0' });
    for (const port of [server.server.port, server.server.metricsPort]) {
      const { headers } = await fetch(`http://127.0.0.1:${port}/healthz`);
      expect(headers.get('keep-alive')).toBe('timeout=75');
    }
  });

  it('a name is announced as the address to which it leads', async () => {
    server = await TestServer.create({ MEDIA_ANNOUNCED_ADDRESS: 'localhost' });
    expect(await announcedBy(server)).toEqual(['tcp 127.0.0.1', 'udp 127.0.0.1']);
  });

  it.runIf(hasIpv6)('IPv4 and IPv6 are announced together, and both listen', async () => {
    server = await TestServer.create({ MEDIA_LISTEN_ADDRESS: '127.0.0.1,::1' });
    expect(await announcedBy(server)).toEqual(['tcp 127.0.0.1', 'tcp ::1', 'udp 127.0.0.1', 'udp ::1']);
  });

  it.runIf(hasIpv6)('every address of both kinds can be listened to on the same ports', async () => {
    server = await TestServer.create({
      ...{
        MEDIA_LISTEN_ADDRESS: '0.0.0.0,::',
        MEDIA_ANNOUNCED_ADDRESS: '203.0.113.7,2001:db8::7',
        MEDIA_PORT: '20950',
      },
    });
    const told = ['tcp 2001:db8::7', 'tcp 203.0.113.7', 'udp 2001:db8::7', 'udp 203.0.113.7'];
    expect(await announcedBy(server)).toEqual(told);
  });
});

/** Protocols and addresses that somebody on stage is told. */
async function announcedBy(server: TestServer): Promise<string[]> {
  const { host } = await server.createRoom();
  const { iceCandidates } = await host.request('transport:create');
  return iceCandidates.map(({ protocol, address }) => `${protocol} ${address}`).toSorted();
}
