import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startNginx, type OwnNginx } from '@tribune/scripts/nginx.mjs';
import { freePort } from '@tribune/scripts/port.mjs';
import { RealRoom } from './support/RealRoom.ts';
import { StreamEar } from './support/StreamEar.ts';
import { TestServer } from './support/TestServer.ts';

const DEPLOY = new URL('../../deploy/', import.meta.url);

/** The configuration of deploy/, with this origin in place of the names of containers. */
async function readConfiguration(origin: string, port: number): Promise<string> {
  const cache = await readFile(new URL('nginx/live-cache.conf', DEPLOY), 'utf8');
  return `map $host $live_origin { default ${origin}; }\n${cache.replace('listen 8080', `listen 127.0.0.1:${port}`)}`;
}

describe('a live room behind the cache of deploy/', () => {
  let server: TestServer;
  let room: RealRoom;
  let cache: OwnNginx;
  let cached: string;
  beforeAll(async () => {
    server = await TestServer.create({ TRUST_PROXY: '1' });
    const port = await freePort();
    cached = `http://127.0.0.1:${port}`;
    cache = await startNginx(await readConfiguration(server.origin, port), port);
    room = await RealRoom.create(server);
    await room.speak(room.host);
  });
  afterAll(async () => {
    await room?.close();
    await cache?.stop();
    await server?.close();
  });

  const get = async (path: string) => fetch(`${cached}/live/${room.roomId}/${path}`);
  const nameOfNewest = async () =>
    (await (await get('index.m3u8')).text()).split('\n').findLast((line) => line.endsWith('.m4s'));

  it('[LC1] is heard by many, of whom few ask the server, and by those with a stream as it comes', async () => {
    const ear = await StreamEar.open({ origin: cached }, room.roomId);
    await ear.until(3);
    await expect.poll(nameOfNewest, { timeout: 12_000 }).toBeDefined();
    const name = (await nameOfNewest())!;
    const answers = await Promise.all(Array.from({ length: 50 }, async () => get(name)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(answers.filter(({ headers }) => headers.get('x-cache') === 'MISS')).toHaveLength(1);
    const states = await Promise.all(Array.from({ length: 50 }, async () => get('state.json')));
    expect(states.filter(({ headers }) => headers.get('x-cache') === 'MISS').length).toBeLessThanOrEqual(1);
    expect(await states[0]!.json()).toMatchObject({ room: { id: room.roomId } });
    expect(ear.isWhole).toBe(true);
    expect(ear.behindS).toBeLessThan(2.5);
    ear.close();
  });

  it('[LC2] gives players what there was while the server is away', async () => {
    const name = (await nameOfNewest())!;
    await get(name);
    await room.close();
    await server.close();
    expect((await get(name)).status).toBe(200);
    expect((await get('init.mp4')).status).not.toBe(404);
  });
});

it('[LC3] the cache of a cluster sends all questions about a room to one node, and to another where that is dead', async () => {
  const nodes = await Promise.all([1, 2, 3].map(async () => startNode()));
  const port = await freePort();
  const origin = await readFile(new URL('compose/live-origin.conf', DEPLOY), 'utf8');
  const conf = await readFile(new URL('nginx/live-cache.conf', DEPLOY), 'utf8');
  let node = 0;
  const here = origin.replaceAll(/172\.30\.77\.\d+:3000/g, () => `127.0.0.1:${nodes[node++]!.port}`);
  const cache = await startNginx(`${here}\n${conf.replace('listen 8080', `listen 127.0.0.1:${port}`)}`, port);
  try {
    const ask = async () => (await fetch(`http://127.0.0.1:${port}/live/some-room/${Math.random()}.m4s`)).text();
    const first = await ask();
    for (let n = 0; n < 10; n++) expect(await ask()).toBe(first);
    nodes.find(({ name }) => name === first)!.close();
    const next = await ask();
    expect(next).not.toBe(first);
    expect(await ask()).toBe(next);
  } finally {
    await cache.stop();
    for (const { close } of nodes) close();
  }
});

/** Answers with its own name. */
async function startNode() {
  const node = createHttpServer((_req, res) => res.end(name)).listen(0, '127.0.0.1');
  await once(node, 'listening');
  const { port } = node.address() as AddressInfo;
  const name = `node at ${port}`;
  const close = () => {
    node.closeAllConnections();
    node.close();
  };
  return { name, port, close };
}
