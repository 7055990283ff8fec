import { once } from 'node:events';
import { Agent, createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LiveChunk, LiveReaders, type LiveReader } from './LiveReaders.ts';
import { LiveStream } from './LiveStream.ts';

let server: Server;
let readers: LiveReaders;
let stream: LiveStream;
let opened: LiveReader[];

function serve(config = { LIVE_CAPACITY: 1000, PER_ADDRESS_SHARE: 1 }): void {
  readers = new LiveReaders(config);
  stream = new LiveStream(readers, Buffer.from('head,'));
  opened = [];
}

beforeEach(async () => {
  serve();
  server = createServer((req, res) => {
    try {
      const reader = readers.open(res, req.url!, 'text/plain');
      opened.push(reader);
      stream.join(reader);
    } catch (error) {
      res.writeHead(503).end(String(error));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function ask(address = '/a'): Promise<IncomingMessage> {
  const { port } = server.address() as AddressInfo;
  const [response] = (await once(get({ port, path: address, agent: false }), 'response')) as [IncomingMessage];
  response.on('error', () => undefined);
  return response;
}

async function text(response: IncomingMessage): Promise<string> {
  let all = '';
  for await (const chunk of response.setEncoding('utf8')) all += chunk as string;
  return all;
}

test('Everyone gets the head, the newest two fragments, and those that follow, each once and in their order', async () => {
  for (const fragment of ['1,', '2,', '3,']) stream.add(Buffer.from(fragment));
  const early = await Promise.all(Array.from({ length: 100 }, async () => ask()));
  for (const fragment of ['4,', '5,']) stream.add(Buffer.from(fragment));
  const late = await ask();
  stream.add(Buffer.from('6,'));
  await new Promise(setImmediate);
  stream.end();
  for (const response of early) expect(await text(response)).toBe('head,2,3,4,5,6,');
  expect(await text(late)).toBe('head,4,5,6,');
});

test('A reader that does not read is let go, and the others hear on', async () => {
  const [slow, quick] = [await ask(), await ask()];
  slow.pause();
  const fragment = Buffer.alloc(16 * 1024);
  while (stream.count > 1) {
    stream.add(fragment);
    const [chunk] = (await once(quick, 'data')) as [Buffer];
    expect(chunk.length).toBeGreaterThan(0);
  }
  expect(readers.count).toBe(1);
  expect(quick.destroyed).toBe(false);
});

test('An address gets its share of the places, and a place is free again when its reader has left', async () => {
  serve({ LIVE_CAPACITY: 40, PER_ADDRESS_SHARE: 0.5 });
  const ofA = await Promise.all(Array.from({ length: 25 }, async () => ask('/a')));
  expect(ofA.filter(({ statusCode }) => statusCode === 200)).toHaveLength(20);
  expect((await ask('/b')).statusCode).toBe(200);
  ofA.find(({ statusCode }) => statusCode === 200)!.destroy();
  await expect.poll(async () => (await ask('/a')).statusCode).toBe(200);
});

test('Nothing is written to a response that has ended, and the next one on its connection is whole', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const { port } = server.address() as AddressInfo;
  const [first] = (await once(get({ port, path: '/a', agent }), 'response')) as [IncomingMessage];
  const chunks = Array.from({ length: 3 }, () => Buffer.from('late,'));
  const [reader] = opened;
  stream.end();
  for (const chunk of chunks) reader!.write(new LiveChunk(chunk));
  expect(await text(first)).toBe('head,');
  const next = once(get({ port, path: '/a', agent }), 'response') as Promise<[IncomingMessage]>;
  await expect.poll(() => stream.count).toBe(1);
  stream.add(Buffer.from('1,'));
  await new Promise(setImmediate);
  stream.end();
  const [second] = await next;
  expect(await text(second)).toBe('head,1,');
  agent.destroy();
});
