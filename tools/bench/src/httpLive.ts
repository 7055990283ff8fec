import { once } from 'node:events';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createGuard } from '@tribune/loadtest/guard.ts';
import { Rooms } from '@tribune/loadtest/people/Rooms.ts';
import { startNginx, type OwnNginx } from '@tribune/scripts/nginx.mjs';
import { freePort } from '@tribune/scripts/port.mjs';
import { BenchServer } from './BenchServer.ts';
import { figureOf, mapFigure, type Figure } from './figures.ts';

/** A stream of speech has so much; nginx sends a file at that rate. */
const BYTES_PER_S = 4200;
const SEGMENT_S = 3;
/** Sockets that are opened at the same time. */
const OPENING = 50;
/** Until all have what they begin with. */
const SETTLE_MS = 3000;
const FIRST_SEGMENT_LIMIT_MS = 20_000;
/** Enough for the longest run. */
const FILE_S = 600;

const HTTP_CASES = ['stream', 'hls', 'nginxStream', 'nginxHls'] as const;
export type HttpCase = (typeof HTTP_CASES)[number];

export interface HttpLiveSize {
  readonly listeners: number;
  readonly windowMs: number;
  readonly runs: number;
}

export interface HttpLiveResult {
  readonly listeners: number;
  /** CPU of the server's Node, or of the worker of nginx, for one listener and a second. */
  readonly msPerListenerSecond: Readonly<Record<HttpCase, Figure | null>>;
  readonly listenersPerCore: Readonly<Record<HttpCase, Figure | null>>;
}

interface Target {
  readonly port: number;
  readonly paths: { readonly stream: string; readonly playlist: string; readonly segment: string };
  readonly cpuMs: () => Promise<number>;
}

/** What listeners over HTTP cost a server with one live room, and nginx that has the same bytes in files, by turns on this machine. */
export async function measureHttpLive(size: HttpLiveSize, signal: AbortSignal): Promise<HttpLiveResult> {
  const server = await BenchServer.create(signal, { LIVE_CAPACITY: '1000000' });
  const folder = await mkdtemp(join(tmpdir(), 'tribune-bench-http-'));
  let nginx: OwnNginx | null = null;
  let rooms: Rooms | null = null;
  try {
    const guard = createGuard(false);
    const stage = { origin: server.origin, guard, speakers: 1, openMics: 1, isLive: true, onLost: () => undefined };
    rooms = await Rooms.create({ ...stage, rooms: 1 }, signal);
    const ours = await targetOf(server, rooms.ids[0]!, signal);
    const nginxPort = await freePort();
    await writeFiles(folder, server.origin, ours.paths);
    nginx = await startNginx(configuration(folder, nginxPort), nginxPort);
    const { workerCpuMs } = nginx;
    const theirs: Target = {
      ...{ port: nginxPort, cpuMs: workerCpuMs },
      paths: { stream: '/stream.mp4', playlist: '/index.m3u8', segment: '/segment.m4s' },
    };
    const costs: Record<HttpCase, number[]> = { stream: [], hls: [], nginxStream: [], nginxHls: [] };
    for (let run = 0; run < size.runs; run++) {
      costs.stream.push(await measure(ours, 'stream', size, signal));
      costs.nginxStream.push(await measure(theirs, 'stream', size, signal));
      costs.hls.push(await measure(ours, 'hls', size, signal));
      costs.nginxHls.push(await measure(theirs, 'hls', size, signal));
    }
    const all = <T>(of: (name: HttpCase) => T) =>
      Object.fromEntries(HTTP_CASES.map((name) => [name, of(name)])) as Record<HttpCase, T>;
    const ms = all((name) => figureOf(costs[name]));
    const perCore = (figure: Figure | null) =>
      mapFigure(figure && { ...figure, min: figure.max, max: figure.min }, (value) => 1000 / value);
    return { listeners: size.listeners, msPerListenerSecond: ms, listenersPerCore: all((name) => perCore(ms[name])) };
  } finally {
    await rooms?.close();
    await nginx?.stop();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** @returns once there is something to hear */
async function targetOf(server: BenchServer, roomId: string, signal: AbortSignal): Promise<Target> {
  const base = `/live/${roomId}/`;
  const endsAt = performance.now() + FIRST_SEGMENT_LIMIT_MS;
  for (;;) {
    const response = await fetch(`${server.origin}${base}index.m3u8`, { signal });
    const playlist = await response.text();
    const segment = playlist.split('\n').findLast((line) => line.endsWith('.m4s'));
    if (response.ok && segment) {
      const paths = { stream: `${base}stream.mp4`, playlist: `${base}index.m3u8`, segment: base + segment };
      const { port } = new URL(server.origin);
      return { port: Number(port), paths, cpuMs: async () => (await server.usage()).nodeCpuMs };
    }
    if (performance.now() > endsAt) throw new Error('There is no segment');
    await delay(300, undefined, { signal });
  }
}

/** The same bytes, for nginx; of the stream as many, since what is in them costs nothing. */
async function writeFiles(folder: string, origin: string, { playlist, segment }: Target['paths']): Promise<void> {
  await mkdir(join(folder, 'www'));
  const read = async (path: string) => Buffer.from(await (await fetch(origin + path)).arrayBuffer());
  await writeFile(join(folder, 'www', 'index.m3u8'), await read(playlist));
  await writeFile(join(folder, 'www', 'segment.m4s'), await read(segment));
  await writeFile(join(folder, 'www', 'stream.mp4'), Buffer.alloc(BYTES_PER_S * FILE_S, 1));
}

function configuration(folder: string, port: number): string {
  return `server {
  listen 127.0.0.1:${port} backlog=4096;
  root ${folder}/www;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 100000;
  open_file_cache max=100;
  location = /stream.mp4 { limit_rate ${BYTES_PER_S}; }
}`;
}

/** @returns ms of CPU for each listener and second */
async function measure(
  { port, paths, cpuMs }: Target,
  plane: 'stream' | 'hls',
  { listeners, windowMs }: HttpLiveSize,
  signal: AbortSignal,
): Promise<number> {
  const before = await costOf(cpuMs, windowMs, signal);
  const sockets = await openSockets(port, listeners, signal);
  let end: (() => void) | null = null;
  try {
    if (plane === 'stream') for (const socket of sockets) ask(socket, paths.stream);
    else end = askForSegments(sockets, paths);
    await delay(SETTLE_MS, undefined, { signal });
    const cost = await costOf(cpuMs, windowMs, signal);
    const lost = sockets.filter(({ destroyed }) => destroyed).length;
    if (lost > 0) throw new Error(`${lost} listeners were disconnected`);
    return (cost - before) / listeners;
  } finally {
    end?.();
    for (const socket of sockets) socket.destroy();
    await delay(SETTLE_MS / 3, undefined, { signal });
  }
}

/** @returns ms of CPU in a second */
async function costOf(cpuMs: () => Promise<number>, windowMs: number, signal: AbortSignal): Promise<number> {
  const [from, fromMs] = [await cpuMs(), performance.now()];
  await delay(windowMs, undefined, { signal });
  return ((await cpuMs()) - from) / ((performance.now() - fromMs) / 1000);
}

async function openSockets(port: number, count: number, signal: AbortSignal): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    signal.throwIfAborted();
    const opened = Array.from({ length: Math.min(OPENING, count - sockets.length) }, () => connect(port, '127.0.0.1'));
    await Promise.all(opened.map(async (socket) => once(socket, 'connect')));
    for (const socket of opened) socket.on('error', () => undefined).resume();
    sockets.push(...opened);
  }
  return sockets;
}

function ask(socket: Socket, path: string): void {
  socket.write(`GET ${path} HTTP/1.1\r\nHost: bench\r\n\r\n`);
}

/** Each asks for the playlist and a segment in 3 s, at moments of its own. @returns ends that */
function askForSegments(sockets: readonly Socket[], { playlist, segment }: Target['paths']): () => void {
  const startMs = performance.now();
  let asked = 0;
  const timer = setInterval(() => {
    const due = ((performance.now() - startMs) / 1000 / SEGMENT_S) * sockets.length;
    for (; asked < due; asked++) {
      const socket = sockets[asked % sockets.length]!;
      ask(socket, playlist);
      ask(socket, segment);
    }
  }, 10);
  return () => clearInterval(timer);
}
