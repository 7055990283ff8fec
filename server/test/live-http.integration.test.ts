import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LiveRoom } from '@tribune/shared/live.ts';
import { voiceIdOf } from '@tribune/shared/voice.ts';
import { readSegment, SEGMENT_MS } from '../src/broadcast/segment.ts';
import { RealRoom } from './support/RealRoom.ts';
import { TestServer } from './support/TestServer.ts';

const FIRST_WITHIN_MS = 8000;

describe('a live room over HTTP', () => {
  let server: TestServer;
  let room: RealRoom;
  beforeAll(async () => {
    server = await TestServer.create();
  });
  afterAll(async () => server.close());
  beforeEach(async () => {
    room = await RealRoom.create(server);
  });
  afterEach(async () => room.close());

  const get = async (path: string) => fetch(`${server.origin}/live/${room.roomId}/${path}`);

  /** Asks as a player does, until there is something to hear. */
  async function waitForPlaylist(segments: number): Promise<string[]> {
    let names: string[] = [];
    await expect
      .poll(
        async () => {
          const response = await get('index.m3u8');
          names = response.ok ? (await response.text()).split('\n').filter((line) => line.endsWith('.m4s')) : [];
          return names.length;
        },
        { timeout: FIRST_WITHIN_MS + segments * SEGMENT_MS, interval: 300 },
      )
      .toBeGreaterThanOrEqual(segments);
    return names;
  }

  it('[LH1] is a playlist of segments that follow each other, with who speaks, a few seconds behind', async () => {
    await room.speak(room.host);
    const names = await waitForPlaylist(2);
    const playlist = await get('index.m3u8');
    expect(playlist.headers.get('content-type')).toContain('application/vnd.apple.mpegurl');
    expect(playlist.headers.get('cache-control')).toBe('public, max-age=1');
    const indices = names.map((name) => Number.parseInt(name, 10));
    expect(indices).toEqual(indices.map((_, n) => indices[0]! + n));
    expect(Date.now() - (indices.at(-1)! + 1) * SEGMENT_MS).toBeLessThan(SEGMENT_MS + 1500);
    const response = await get(names.at(-1)!);
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    const layout = readSegment(Buffer.from(await response.arrayBuffer()))!;
    expect(layout.index).toBe(indices.at(-1));
    expect(layout.voices.map(({ voiceId }) => voiceId)).toEqual([voiceIdOf(room.host.userId)]);
    expect((await get('init.mp4')).headers.get('content-type')).toBe('audio/mp4');
  });

  it('[LH2] tells its state to whoever asks, for caches to keep for two seconds', async () => {
    const response = await get('state.json');
    expect(response.headers.get('cache-control')).toBe('public, max-age=2');
    expect(response.headers.get('content-encoding')).toBe('gzip');
    expect(await response.json()).toMatchObject({
      room: { id: room.roomId, phase: 'live' },
      state: { stage: [{ userId: room.host.userId }], recording: false },
      ...{ faces: [], speaking: [], reactions: {}, endsInS: null, beacon: { everyS: 30, part: 1 } },
    });
  });

  const readState = async () => (await (await get('state.json')).json()) as LiveRoom;
  const post = async (path: string, init: RequestInit = {}) =>
    fetch(`${server.origin}/live/${room.roomId}/${path}`, { method: 'POST', ...init });

  it('[LH4] counts those who say that they listen, and says who speaks', async () => {
    await room.speak(room.host);
    expect((await post('beacon?part=1')).status).toBe(204);
    expect((await post('beacon')).status).toBe(204);
    expect((await post('beacon?part=0')).status).toBe(400);
    await get('index.m3u8');
    await expect
      .poll(readState, { timeout: FIRST_WITHIN_MS })
      .toMatchObject({ room: { listeners: 2 }, speaking: [room.host.userId] });
    await room.host.told('room:pulse', ({ listeners }) => listeners === 2);
  });

  it('[LH5] takes reactions over HTTP from those with a session, as many as a socket may send, and from nobody who is banned', async () => {
    const { token } = await server.createApi('lea');
    const react = async (kind: string, headers: Record<string, string> = { authorization: `Bearer ${token}` }) =>
      (
        await post('reactions', {
          headers: { 'content-type': 'application/json', ...headers },
          body: JSON.stringify({ kind }),
        })
      ).status;
    expect(await react('heart')).toBe(204);
    await room.host.told('room:pulse', ({ reactions }) => reactions?.heart === 1);
    await expect.poll(readState).toMatchObject({ reactions: { heart: 1 } });
    expect(await react('nonsense')).toBe(400);
    expect(await react('heart', {})).toBe(401);
    const answers = await Promise.all(Array.from({ length: 20 }, async () => react('clap')));
    expect(answers.filter((status) => status === 429).length).toBeGreaterThan(5);
    const eve = await server.createPeer('eve');
    await eve.join(room.roomId);
    await room.host.request('peer:ban', { userId: eve.userId });
    expect(await react('heart', { authorization: `Bearer ${eve.token}` })).toBe(403);
  });

  it('[LH3] is not to be heard before it is live, nor stored when nobody records it', async () => {
    const { room: other } = await server.createRoom();
    expect((await fetch(`${server.origin}/live/${other.id}/index.m3u8`)).status).toBe(503);
    await waitForPlaylist(1);
    await room.host.request('room:end');
    await expect(room.host.api.getRecording(room.roomId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
