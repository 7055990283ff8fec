import { readFile } from 'node:fs/promises';
import { HlsPlayer } from '@tribune/loadtest/players/HlsPlayer.ts';
import type { Player } from '@tribune/loadtest/players/Player.ts';
import { StreamPlayer } from '@tribune/loadtest/players/StreamPlayer.ts';
import { startNginx, type OwnNginx } from '@tribune/scripts/nginx.mjs';
import { freePort } from '@tribune/scripts/port.mjs';
import type { ClusterProcess } from '../cluster/ClusterProcess.ts';
import { gaps, UNNOTICED_MS, type Fault, type FaultContext, type Outcome } from '../Fault.ts';

const DEPLOY = new URL('../../../../deploy/', import.meta.url);
const PLAYERS = 20;
const CACHE_AWAY_MS = 2000;
/** For players to come back, and to play what they missed nothing of. */
const SETTLE_MS = 15_000;
/** The cache is away for 2 s; a player has half of that at least, and comes back within a second. */
const CACHE_HLS_MS = 3000;
const CACHE_STREAM_MS = 4000;
/** Where the origin is the home, too, the voices have to follow first, within 8 s; and then a segment of 3 s is made. */
const ORIGIN_HLS_MS = 12_000;
const ORIGIN_STREAM_MS = 10_000;

/** The cache of deploy/ in front of the nodes. */
class LiveCache {
  readonly origin: string;
  readonly #configuration: string;
  readonly #port: number;
  #nginx: OwnNginx | null = null;

  private constructor(configuration: string, port: number) {
    this.#configuration = configuration;
    this.#port = port;
    this.origin = `http://127.0.0.1:${port}`;
  }

  static async start(nodes: readonly ClusterProcess[]): Promise<LiveCache> {
    const port = await freePort();
    const servers = nodes.map(({ origin }) => {
      return `server 127.0.0.1:${new URL(origin).port} max_fails=1 fail_timeout=5s;`;
    });
    const upstream = await readFile(new URL('compose/live-origin.conf', DEPLOY), 'utf8');
    const conf = await readFile(new URL('nginx/live-cache.conf', DEPLOY), 'utf8');
    const here = upstream.replace(/(?: *server 172.*\n)+/, `${servers.join('\n')}\n`);
    const cache = new LiveCache(`${here}\n${conf.replace('listen 8080', `listen 127.0.0.1:${port}`)}`, port);
    await cache.start();
    return cache;
  }

  async start(): Promise<void> {
    this.#nginx = await startNginx(this.#configuration, this.#port);
  }

  async kill(): Promise<void> {
    const nginx = this.#nginx;
    this.#nginx = null;
    await nginx?.kill();
  }
}

/** Players behind the cache, all of whom play. @throws {Error} where one does not */
async function setUp({ cluster, rooms: [room], onEnd }: FaultContext) {
  const cache = await LiveCache.start(cluster.nodes);
  onEnd(async () => cache.kill());
  const base = `${cache.origin}/live/${room.id}/`;
  const hls = Array.from({ length: PLAYERS }, () => new HlsPlayer(base));
  const streams = Array.from({ length: PLAYERS }, () => new StreamPlayer(base));
  const players = [...hls, ...streams];
  onEnd(async () => {
    for (const player of players) player.close();
  });
  await Promise.all(players.map(async (player) => player.start()));
  const failed = players.find(({ result }) => !result.isIn);
  if (failed) throw new Error(`A player does not play: ${failed.result.failure}`);
  return { cache, base, hls, streams };
}

function silences(players: readonly Player[], promiseMs: number, whom: string): Outcome {
  return { whom, promiseMs, holdsFor: 'p95', measure: () => players.map(({ longestSilenceMs }) => longestSilenceMs) };
}

/** The node that makes the segments which the cache has. @throws {Error} where none does */
async function findOrigin({ cluster, rooms: [room] }: FaultContext, base: string): Promise<ClusterProcess> {
  const playlist = await (await fetch(`${base}index.m3u8`)).text();
  const segment = playlist.split('\n').findLast((line) => line.endsWith('.m4s'));
  for (const node of cluster.nodes) if ((await fetch(`${node.origin}/live/${room.id}/${segment}`)).ok) return node;
  throw new Error('No node has what the cache has');
}

/** Listeners over HTTP, behind the cache of deploy/. */
export const LIVE_FAULTS: readonly Fault[] = [
  {
    name: 'live-cache-killed',
    title: '`kill -9` of the cache of live rooms, back after 2 s, for listeners of HLS',
    run: async (context) => {
      const { cache, hls, streams } = await setUp(context);
      await cache.kill();
      await context.wait(CACHE_AWAY_MS);
      await cache.start();
      await context.wait(SETTLE_MS);
      return [
        silences(hls, CACHE_HLS_MS, 'HLS'),
        silences(streams, CACHE_STREAM_MS, 'streams'),
        gaps(context.rooms[0].probes, UNNOTICED_MS, 'all', 'over WebRTC'),
      ];
    },
  },
  {
    name: 'live-origin-killed',
    title: '`kill -9` of the node that the cache asks, for listeners of HLS',
    run: async (context) => {
      const { base, hls, streams } = await setUp(context);
      const origin = await findOrigin(context, base);
      const home = await context.cluster.homeOf(context.rooms[0].id);
      context.note(origin === home ? 'the origin was the home' : 'the origin was not the home');
      origin.kill();
      await context.wait(SETTLE_MS);
      await origin.start();
      return [silences(hls, ORIGIN_HLS_MS, 'HLS'), silences(streams, ORIGIN_STREAM_MS, 'streams')];
    },
  },
];
