import type { QueuePlace, TicketResponse } from '@tribune/shared/protocol.ts';
import { roomId, roomRequest, ticketRequest } from '@tribune/shared/schemas.ts';
import { Router, type Request } from 'express';
import { rateLimit } from 'express-rate-limit';
import { TICKET_EXPIRES_S, type Tokens } from '../../auth/Tokens.ts';
import type { Admission } from '../../admission/Admission.ts';
import type { Config } from '../../config.ts';
import { AppError } from '../../errors.ts';
import type { Metrics } from '../../metrics/Metrics.ts';
import type { RoomManager } from '../../rooms/RoomManager.ts';
import { roleOf } from '../../store/RoomRecord.ts';
import { authenticate } from '../authenticate.ts';
import { parseBody } from '../parseBody.ts';
import { sendProblem } from '../problem.ts';
import type { RtpCapabilities } from 'mediasoup/types';

const HOUR_MS = 3_600_000;

export interface RoomRoutesOptions {
  readonly rooms: RoomManager;
  readonly admission: Admission;
  readonly isDraining: () => boolean;
  readonly tokens: Tokens;
  readonly rtpCapabilities: RtpCapabilities;
  readonly metrics: Metrics;
  readonly config: Pick<Config, 'NODE_ID' | 'PUBLIC_URL' | 'ICE_SERVERS' | 'ROOMS_PER_ADDRESS_PER_HOUR'>;
}

/** Create, read, list and end rooms, and tickets to enter them. */
export function roomRoutes(options: RoomRoutesOptions): Router {
  const { rooms, tokens, config, admission } = options;
  const createTicket = async (req: Request, id: string): Promise<TicketResponse | QueuePlace> => {
    const person = authenticate(req, tokens);
    const { avoid } = parseBody(ticketRequest, req);
    admission.assertMayTakePeople();
    const room = await rooms.getOrThrow(idOf(id));
    const role = roleOf(room.record, person.userId);
    await room.admit(person.userId);
    // The stage does not stand in line with the audience, and who comes back to what they had here takes nobody's place.
    const hasPlace =
      room.getPeer(person.userId) !== undefined && !options.isDraining() && (!avoid || avoid !== config.PUBLIC_URL);
    const isExpected = role !== 'listener' || hasPlace;
    const verdict = isExpected ? null : await admission.admit(`${room.id}:${person.userId}`, avoid);
    if (verdict?.kind === 'wait') {
      const { place, estimateS, retryAfterS } = verdict;
      return { place, estimateS, retryAfterS };
    }
    const node = verdict?.node ?? (role === 'listener' ? null : await room.findHome(avoid));
    const unreachable = node ? undefined : room.findUnreachable(avoid);
    return {
      ticket: tokens.signTicket(person, {
        ...{ room: room.id, role, node: node?.id ?? config.NODE_ID },
        paced: verdict?.isPaced ?? false,
        ...(unreachable === undefined ? {} : { unreachable }),
      }),
      expiresInS: TICKET_EXPIRES_S,
      url: node ? node.url : (config.PUBLIC_URL ?? null),
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
    .get('/', async (_req, res) => void res.json({ rooms: await rooms.list() }))
    .post('/', limitCreation, async (req, res) => {
      const host = authenticate(req, tokens);
      admission.assertMayTakePeople();
      const room = await rooms.create(parseBody(roomRequest, req), host);
      res.status(201).location(`/api/rooms/${room.id}`).json(room);
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
      if ('place' in answer) res.status(202).set('Retry-After', String(answer.retryAfterS));
      else res.status(201);
      res.json(answer);
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
