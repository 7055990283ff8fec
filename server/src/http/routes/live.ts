import { roomId } from '@tribune/shared/schemas.ts';
import { Router, type Request } from 'express';
import { writeInitSegment } from '../../broadcast/segment.ts';
import { AppError } from '../../errors.ts';
import { guardLookups, type LookupOptions } from '../guardLookups.ts';
import type { Room } from '../../rooms/Room.ts';
import type { RoomManager } from '../../rooms/RoomManager.ts';
import { toRoomState } from '../../store/RoomRecord.ts';

const FOREVER = 'public, max-age=31536000, immutable';
const PLAYLIST_CACHE = 'public, max-age=1';
const STATE_CACHE = 'public, max-age=2';
const INIT_SEGMENT = writeInitSegment();

/** Live rooms over HTTP, for players and caches anywhere: HTTP Live Streaming (RFC 8216), and the state of the room. */
export function liveRoutes({ rooms, ...lookups }: LookupOptions & { readonly rooms: RoomManager }): Router {
  const guarded = guardLookups(lookups);
  const find = async (req: Request<{ id: string }>): Promise<Room> => {
    const { id } = req.params;
    const open = rooms.rooms.get(id);
    if (open) return open;
    return guarded(req, async () => {
      if (!roomId.safeParse(id).success) throw new AppError('ROOM_NOT_FOUND', 'There is no such room');
      return rooms.getOrThrow(id);
    });
  };
  return Router()
    .use((_req, res, next) => {
      res.set({ 'Access-Control-Allow-Origin': '*', 'Cross-Origin-Resource-Policy': 'cross-origin' });
      next();
    })
    .get('/:id/index.m3u8', async (req, res) => {
      const room = await find(req);
      // The node of the stage makes the segments.
      const home = room.home.kind === 'here' ? null : await room.findHome();
      if (home?.url) {
        res.set('Cache-Control', PLAYLIST_CACHE).redirect(307, home.url + req.originalUrl);
        return;
      }
      if (room.record.phase !== 'live') throw new AppError('UNAVAILABLE', 'The room is not live');
      const playlist = room.askLive().writePlaylist();
      if (playlist === null) throw new AppError('UNAVAILABLE', 'The first segment is being made');
      res.set('Cache-Control', PLAYLIST_CACHE).type('application/vnd.apple.mpegurl').send(playlist);
    })
    .get('/:id/init.mp4', (_req, res) => {
      res.set({ 'Cache-Control': FOREVER, 'Content-Type': 'audio/mp4' }).send(INIT_SEGMENT);
    })
    .get('/:id/state.json', async (req, res) => {
      const room = await find(req);
      res.set('Cache-Control', STATE_CACHE).json({ room: room.toInfo(), state: toRoomState(room.record) });
    })
    .get('/:id/:segment', async (req, res) => {
      const index = Number(/^(\d{10})\.m4s$/.exec(req.params.segment)?.[1] ?? NaN);
      const bytes = Number.isNaN(index) ? null : (await find(req)).media.live.find(index);
      if (!bytes) throw new AppError('NOT_FOUND', 'There is no such segment');
      res.set({ 'Cache-Control': FOREVER, 'Content-Type': 'audio/mp4' }).send(Buffer.from(bytes));
    });
}
