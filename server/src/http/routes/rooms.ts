import type { TicketResponse } from '@tribune/shared/protocol.ts';
import { roomId, roomRequest } from '@tribune/shared/schemas.ts';
import { Router, type Request } from 'express';
import { rateLimit } from 'express-rate-limit';
import { createBucket } from '../../createBucket.ts';
import { TICKET_EXPIRES_S, type Tokens } from '../../auth/Tokens.ts';
import type { Config } from '../../config.ts';
import { AppError } from '../../errors.ts';
import type { Metrics } from '../../metrics.ts';
import type { RoomManager } from '../../rooms/RoomManager.ts';
import { roleOf } from '../../store/RoomRecord.ts';
import { authenticate } from '../authenticate.ts';
import { parseBody } from '../parseBody.ts';
import { sendProblem } from '../problem.ts';
import type { RtpCapabilities } from 'mediasoup/types';

const HOUR_MS = 3_600_000;

export interface RoomRoutesOptions {
  readonly rooms: RoomManager;
  readonly tokens: Tokens;
  readonly rtpCapabilities: RtpCapabilities;
  readonly metrics: Metrics;
  readonly config: Pick<Config, 'PUBLIC_URL' | 'ICE_SERVERS' | 'ROOMS_PER_ADDRESS_PER_HOUR' | 'JOINS_PER_S'>;
}

/** Create, read, list and end rooms, and tickets to enter them. */
export function roomRoutes(options: RoomRoutesOptions): Router {
  const { rooms, tokens, config } = options;
  const admissions = createBucket({ burst: config.JOINS_PER_S, perSecond: config.JOINS_PER_S });
  const createTicket = async (req: Request, id: string): Promise<TicketResponse> => {
    const person = authenticate(req, tokens);
    const room = await rooms.getOrThrow(idOf(id));
    const role = roleOf(room.record, person.userId);
    // Before anything that costs; the stage does not stand in line with the audience.
    if (role === 'listener' && !admissions.tryRemoveTokens(1)) {
      throw new AppError('RATE_LIMITED', 'Many people are coming in: come back in a moment');
    }
    await room.admit(person.userId);
    return {
      ticket: tokens.signTicket(person, room.id, role),
      expiresInS: TICKET_EXPIRES_S,
      url: config.PUBLIC_URL ?? null,
      role,
      rtpCapabilities: options.rtpCapabilities,
      iceServers: config.ICE_SERVERS.map(withoutUndefined),
      room: room.toInfo(),
    };
  };
  const limitCreation = rateLimit({
    windowMs: HOUR_MS,
    limit: config.ROOMS_PER_ADDRESS_PER_HOUR,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    handler: (_req, res) => sendProblem(res, new AppError('QUOTA_EXCEEDED', 'Too many rooms from this address')),
  });
  return Router()
    .get('/', (_req, res) => void res.json({ rooms: rooms.list() }))
    .post('/', limitCreation, async (req, res) => {
      const host = authenticate(req, tokens);
      const room = await rooms.create(parseBody(roomRequest, req), host);
      res.status(201).location(`/api/rooms/${room.id}`).json(room.toInfo());
    })
    .get('/:id', async (req, res) => void res.json(await rooms.describe(idOf(req.params.id))))
    .post('/:id/end', async (req, res) => {
      const person = authenticate(req, tokens);
      const room = await rooms.getOrThrow(idOf(req.params.id));
      await room.perform('room:end', person);
      res.status(204).end();
    })
    .post('/:id/tickets', async (req, res) => {
      const answer = await createTicket(req, req.params.id).catch((error: unknown) => {
        // A join that ends here never comes to a handshake.
        options.metrics.joins.inc({ outcome: error instanceof AppError ? error.code : 'INTERNAL' });
        throw error;
      });
      res.status(201).json(answer);
    });
}

/** An id of another form than ours names no room. */
function idOf(id: string): string {
  if (!roomId.safeParse(id).success) throw new AppError('ROOM_NOT_FOUND', 'There is no such room');
  return id;
}

function withoutUndefined({ urls, username, credential }: Config['ICE_SERVERS'][number]) {
  return { urls, ...(username === undefined ? {} : { username }), ...(credential === undefined ? {} : { credential }) };
}
