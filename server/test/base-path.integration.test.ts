import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BASE_TAG, PREVIEW_MARK } from '../src/preview/previewTags.ts';
import { TestServer } from './support/TestServer.ts';

describe('[SI1] a server below a path', () => {
  let folder: string;
  let server: TestServer;
  let site: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tribune-path-test-'));
    await writeFile(join(folder, 'index.html'), `<html><head>${BASE_TAG}${PREVIEW_MARK}</head></html>`);
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as AddressInfo;
    probe.close();
    site = `http://127.0.0.1:${port}/s%C3%A4le`;
    server = await TestServer.create({
      ...{ WEB_DIR: folder, PORT: String(port), PUBLIC_URL: `http://127.0.0.1:${port}//s\u00E4le/` },
    });
  });
  afterAll(async () => {
    await server?.close();
    await rm(folder, { recursive: true });
  });

  it('is reached with the path and without it, by HTTP and by socket', async () => {
    const { room, host } = await server.createRoom();
    const ticket = await host.api.createTicket(room.id);
    expect(ticket.url).toBe(site);
    for (const origin of [site, server.origin]) {
      const guest = await server.createPeer('guest');
      guest.moveTo(origin);
      await guest.connect({ ...(await guest.api.createTicket(room.id)), url: origin });
      expect(guest.state.stage).toHaveLength(1);
    }
  });

  it('gives the page its path, and links, pictures and addresses that have it', async () => {
    const { room } = await server.createRoom();
    for (const path of ['', '/', `/r/${room.id}`])
      expect(await (await fetch(site + path)).text()).toContain('<base href="/s%C3%A4le/" />');
    const html = await (await fetch(`${server.origin}/r/${room.id}`)).text();
    expect(html).toContain(`<meta property="og:url" content="${site}/r/${room.id}" />`);
    expect(html).toContain(`<meta property="og:image" content="${site}/r/${room.id}/preview.png" />`);
    const missing = await fetch(`${site}/r/no-such-room-at-all/preview.png`, { redirect: 'manual' });
    expect(missing.headers.get('location')).toBe('/s%C3%A4le/icon-512.png');
    const { token } = await server.createApi('somebody');
    const created = await fetch(`${site}/api/rooms`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ title: 'A room' }),
    });
    expect(created.headers.get('location')).toMatch(/^\/s%C3%A4le\/api\/rooms\/[\w-]+$/);
  });

  it('names its origin, and not its path, in the policy of the page', async () => {
    const policy = (await fetch(site)).headers.get('content-security-policy');
    const { origin } = new URL(site);
    expect(policy).toContain(`connect-src 'self' ${origin} ${origin.replace('http', 'ws')};`);
  });
});
