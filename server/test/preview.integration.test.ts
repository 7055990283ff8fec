import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PREVIEW_MARK } from '../src/preview/previewTags.ts';
import { TestServer } from './support/TestServer.ts';

describe('a link to a room', () => {
  let folder: string;
  let server: TestServer;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tribune-preview-test-'));
    await writeFile(join(folder, 'index.html'), `<html><head><title>Tribune</title>${PREVIEW_MARK}</head></html>`);
    server = await TestServer.create({ WEB_DIR: folder });
  });
  afterAll(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  const read = async (path: string) => (await fetch(server.origin + path)).text();
  const contentOf = (html: string, property: string) =>
    new RegExp(`<meta property="${property}" content="([^"]*)"`).exec(html)?.[1];

  it('shows title, host and where the room stands, to bots and people alike', async () => {
    const { room, host } = await server.createRoom({ title: 'Owls & "others" <live>', description: 'All night.' });
    const before = await read(`/r/${room.id}`);
    expect(contentOf(before, 'og:title')).toBe('Owls &#38; &#34;others&#34; &#60;live&#62;');
    expect(contentOf(before, 'og:description')).toBe('Starts soon · with host. All night.');
    expect(contentOf(before, 'og:url')).toBe(`${server.origin}/r/${room.id}`);
    expect(before).not.toContain(PREVIEW_MARK);
    await host.request('room:goLive');
    expect(contentOf(await read(`/r/${room.id}`), 'og:description')).toContain('Live now');
    expect(contentOf(await read(`/preview/r/${room.id}`), 'og:title')).toContain('Owls');
  });

  it('has a picture, which is drawn once for as long as the room looks the same', async () => {
    const { room, host } = await server.createRoom({ title: '世界 Ελλάδα Россия مرحبا 🦉' });
    const ask = async () => fetch(`${server.origin}/r/${room.id}/preview.png`);
    const [one, two] = await Promise.all([ask(), ask()]);
    expect(one.headers.get('content-type')).toBe('image/png');
    // Chats show it on pages of their own.
    expect(one.headers.get('cross-origin-resource-policy')).toBe('cross-origin');
    const first = Buffer.from(await one.arrayBuffer());
    expect([...first.subarray(1, 4)]).toEqual([...Buffer.from('PNG')]);
    expect([first.readUInt32BE(16), first.readUInt32BE(20)]).toEqual([1200, 630]);
    expect(Buffer.from(await two.arrayBuffer()).equals(first)).toBe(true);
    await host.request('room:goLive');
    expect(Buffer.from(await (await ask()).arrayBuffer()).equals(first)).toBe(false);
  });

  it('tells nothing where there is no such room, and the page comes all the same', async () => {
    for (const id of ['no-such-room-at-all', 'x', '%3Cscript%3E']) {
      const response = await fetch(`${server.origin}/r/${id}`);
      expect(response.status).toBe(200);
      const html = await response.text();
      expect(contentOf(html, 'og:title')).toBe('Tribune');
      expect(html).not.toContain('<script>');
    }
    const image = await fetch(`${server.origin}/r/no-such-room-at-all/preview.png`, { redirect: 'manual' });
    expect([image.status, image.headers.get('location')]).toEqual([302, '/icon-512.png']);
  });
});
