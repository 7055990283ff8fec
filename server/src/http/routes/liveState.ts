import { reactionRequest } from '@tribune/shared/schemas.ts';
import express, { Router, type Request } from 'express';
import type { TokenBucket } from 'limiter';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { NetworkReader } from '../../admission/network.ts';
import type { Tokens } from '../../auth/Tokens.ts';
import { LiveState } from '../../broadcast/LiveState.ts';
import { createBucket } from '../../createBucket.ts';
import { AppError } from '../../errors.ts';
import type { Room } from '../../rooms/Room.ts';
import type { RoomManager } from '../../rooms/RoomManager.ts';
import { authenticate } from '../authenticate.ts';
import { REACTION_RATE } from '../../rooms/Reactions.ts';
import { parseBody } from '../parseBody.ts';

const STATE_CACHE = 'public, max-age=2';
const BODY_LIMIT = '1kb';
const MAX_PEOPLE = 50_000;
/** Whether somebody is banned is asked so often while they react. */
const ALLOWED_FOR_MS = 10_000;

const beacon = z.object({ part: z.coerce.number().gt(0).max(1).default(1) });

interface LiveStateOptions {
  readonly find: (req: Request, id: string) => Promise<Room>;
  readonly rooms: Pick<RoomManager, 'assertNotBanned'>;
  readonly tokens: Tokens;
  readonly networkOf: NetworkReader;
}

/** The state of a live room for those who have no socket, and what they say. */
export function liveStateRoutes({ find, rooms, tokens, networkOf }: LiveStateOptions): Router {
  const states = new WeakMap<Room, LiveState>();
  const stateOf = (room: Room) => {
    const state = states.get(room) ?? new LiveState(() => room.toLive());
    states.set(room, state);
    return state;
  };
  const buckets = new LRUCache<string, TokenBucket>({ max: MAX_PEOPLE });
  const allowed = new LRUCache<string, true>({ max: MAX_PEOPLE, ttl: ALLOWED_FOR_MS });
  return Router()
    .get('/:id/state.json', async (req, res) => {
      const { plain, gzip } = stateOf(await find(req, req.params.id)).read();
      res.set('Cache-Control', STATE_CACHE).vary('Accept-Encoding').type('application/json');
      if (req.acceptsEncodings('gzip')) res.set('Content-Encoding', 'gzip').end(gzip);
      else res.end(plain);
    })
    .post('/:id/beacon', async (req, res) => {
      const { success, data } = beacon.safeParse(req.query);
      if (!success) throw new AppError('INVALID_PAYLOAD', 'part: has to be above 0, and 1 at most');
      const room = await find(req, req.params.id);
      room.media.live.audience.take(data.part, networkOf(req));
      res.status(204).end();
    })
    .post('/:id/reactions', express.json({ limit: BODY_LIMIT }), async (req, res) => {
      const { userId } = authenticate(req, tokens);
      const bucket = buckets.get(userId) ?? createBucket(REACTION_RATE);
      buckets.set(userId, bucket);
      if (!bucket.tryRemoveTokens(1)) throw new AppError('RATE_LIMITED', 'Too many reactions');
      const { kind } = parseBody(reactionRequest, req);
      const room = await find(req, req.params.id);
      const key = `${room.id}:${userId}`;
      if (!allowed.has(key)) {
        await rooms.assertNotBanned(room.id, userId);
        allowed.set(key, true);
      }
      room.react(kind);
      res.status(204).end();
    });
}
