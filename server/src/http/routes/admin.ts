import { createHash, timingSafeEqual } from 'node:crypto';
import { ADMIN_ACTIONS, type AdminAction, type AdminPeople } from '@tribune/shared/admin.ts';
import { audienceQuery, personRef, roomId } from '@tribune/shared/schemas.ts';
import { Router, type Request, type RequestHandler } from 'express';
import type { AddressLimits } from '../../admission/AddressLimits.ts';
import type { NetworkReader } from '../../admission/network.ts';
import { AppError } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import type { Room } from '../../rooms/Room.ts';
import type { RoomManager } from '../../rooms/RoomManager.ts';
import { readBearer } from '../authenticate.ts';
import { parseBody } from '../parseBody.ts';

interface AdminRoutesOptions {
  readonly key: string;
  readonly rooms: RoomManager;
  readonly limits: AddressLimits;
  readonly networkOf: NetworkReader;
  readonly logger: Logger;
}

/** For the operator, who has the key of the server: which rooms there are anywhere in the cluster, who is in them, and an end to both. */
export function adminRoutes({ key, rooms, limits, networkOf, logger }: AdminRoutesOptions): Router {
  // Whether the key is right or wrong.
  const limitRequests: RequestHandler = async (req, _res, next) => {
    await limits.take('admin', networkOf(req));
    next();
  };
  const findRoom = async (id: string): Promise<Room> => {
    if (!roomId.safeParse(id).success) throw new AppError('ROOM_NOT_FOUND', 'There is no such room');
    return rooms.getWithPeople(id);
  };
  return Router()
    .use(limitRequests, requireKey(key))
    .get('/rooms', async (_req, res) => void res.json({ rooms: await rooms.listOpen() }))
    .get('/rooms/:id/people', async (req, res) => {
      const parsed = audienceQuery.safeParse(req.query);
      if (!parsed.success) throw new AppError('INVALID_PAYLOAD', 'query: a part of a name');
      res.json(await listPeople(await findRoom(req.params.id), parsed.data.query));
    })
    .post('/rooms/:id/:action', async (req, res) => {
      const action = ADMIN_ACTIONS.find((known) => known === req.params.action);
      if (!action) throw new AppError('NOT_FOUND', 'The operator has no such action');
      const userId = action === 'end' ? undefined : parseBody(personRef, req).userId;
      await act(await findRoom(req.params.id), action, userId);
      logger.info({ roomId: req.params.id, action, userId }, 'The operator acted');
      res.status(204).end();
    });
}

async function act(room: Room, action: AdminAction, userId = ''): Promise<void> {
  if (action === 'end') return room.perform('room:end', null);
  if (action === 'unban') return room.perform('peer:unban', null, { bannedId: userId });
  return room.perform(`peer:${action}`, null, { userId });
}

async function listPeople(room: Room, query: string): Promise<AdminPeople> {
  const [listeners, bans] = await Promise.all([room.searchAudience(query), room.listBans()]);
  return {
    room: room.toInfo(),
    stage: [...room.record.stage.values()],
    hands: [...room.record.hands],
    listeners,
    bans,
  };
}

/** Says nothing of how much of a key was right, neither in words nor by the time that it takes. */
function requireKey(key: string): RequestHandler {
  const expected = digest(key);
  return (req: Request, _res, next) => {
    const isRight = timingSafeEqual(digest(readBearer(req) ?? ''), expected);
    next(isRight ? undefined : new AppError('UNAUTHENTICATED', 'The key of the operator is needed'));
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
