import { roomId } from '@tribune/shared/schemas.ts';
import { Router, type Request, type Response } from 'express';
import type { LiveFormat } from '../../broadcast/LiveBroadcast.ts';
import type { LiveReaders } from '../../broadcast/LiveReaders.ts';
import { INIT_SEGMENT } from '../../broadcast/segment.ts';
import { AppError } from '../../errors.ts';
import { guardLookups, type LookupOptions } from '../guardLookups.ts';
import type { Room } from '../../rooms/Room.ts';
import type { RoomManager } from '../../rooms/RoomManager.ts';
import type { Tokens } from '../../auth/Tokens.ts';
import { liveStateRoutes } from './liveState.ts';

const FOREVER = 'public, max-age=31536000, immutable';
const PLAYLIST_CACHE = 'public, max-age=1';
const TYPES: Readonly<Record<LiveFormat, string>> = {
  mp4: 'audio/mp4',
  ogg: 'audio/ogg',
  mp3: 'audio/mpeg',
  aac: 'audio/aac',
};

export interface LiveRoutesOptions extends LookupOptions {
  readonly rooms: RoomManager;
  readonly liveReaders: LiveReaders;
  readonly tokens: Tokens;
}

/**
 * Live rooms over HTTP, for players and caches anywhere: HTTP Live Streaming (RFC 8216), streams, and the state of the room. Any node
 * has them: it asks the node of the stage for the mix as for one more listener.
 */
export function liveRoutes({ rooms, liveReaders, tokens, ...lookups }: LiveRoutesOptions): Router {
  const guarded = guardLookups(lookups);
  const find = async (req: Request, id: string): Promise<Room> => {
    const open = rooms.rooms.get(id);
    if (open) return open;
    return guarded(req, async () => {
      if (!roomId.safeParse(id).success) throw new AppError('ROOM_NOT_FOUND', 'There is no such room');
      return rooms.getOrThrow(id);
    });
  };
  const findLive = async (req: Request, id: string): Promise<Room> => {
    const room = await find(req, id);
    if (room.record.phase !== 'live') throw new AppError('UNAVAILABLE', 'The room is not live');
    return room;
  };
  const stream = async (req: Request, res: Response, format: LiveFormat) => {
    const room = await findLive(req, (req.params.id ?? req.params[0]) as string);
    const address = lookups.networkOf(req);
    await room.media.live.assertAvailable(format);
    if (req.method === 'HEAD') {
      liveReaders.open(res, address, TYPES[format]).end();
      return;
    }
    // Nothing is made for somebody who is not let in.
    liveReaders.assertPlace(address);
    const opened = room.askLive().openStream(format);
    opened.join(liveReaders.open(res, address, TYPES[format]));
  };
  return Router()
    .use((_req, res, next) => {
      res.set({
        'Access-Control-Allow-Origin': '*',
        'Cross-Origin-Resource-Policy': 'cross-origin',
        'X-Content-Type-Options': 'nosniff',
      });
      next();
    })
    .get('/:id/stream.mp4', async (req, res) => stream(req, res, 'mp4'))
    .get(/^\/([^/]+)\.(ogg|mp3|aac)$/, async (req, res) => stream(req, res, req.params[1] as LiveFormat))
    .get('/:id/index.m3u8', async (req, res) => {
      const playlist = (await findLive(req, req.params.id)).askLive().writePlaylist();
      if (playlist === null) throw new AppError('UNAVAILABLE', 'The first segment is being made');
      answer(res, { type: 'application/vnd.apple.mpegurl', cache: PLAYLIST_CACHE, body: Buffer.from(playlist) });
    })
    .get('/:id/init.mp4', (_req, res) => {
      answer(res, { type: 'audio/mp4', cache: FOREVER, body: INIT_SEGMENT });
    })
    .use(liveStateRoutes({ find, rooms, tokens, networkOf: lookups.networkOf }))
    .get('/:id/:segment', async (req, res) => {
      const index = Number(/^(\d{10})\.m4s$/.exec(req.params.segment)?.[1] ?? NaN);
      const bytes = Number.isNaN(index) ? null : (await find(req, req.params.id)).media.live.find(index);
      if (!bytes) throw new AppError('NOT_FOUND', 'There is no such segment');
      answer(res, { type: 'audio/mp4', cache: FOREVER, body: bytes });
    });
}

/** Without an ETag: what changes has another name, or another moment. */
function answer(res: Response, { type, cache, body }: { type: string; cache: string; body: Uint8Array }): void {
  res.writeHead(200, { 'Content-Type': type, 'Cache-Control': cache, 'Content-Length': body.length }).end(body);
}
