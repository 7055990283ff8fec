import type { RoomInfo } from '@tribune/shared/domain.ts';
import type { BroadcastAnswer, QueuePlace, TicketResponse } from '@tribune/shared/protocol.ts';
import { roomId, roomRequest, ticketQuery, ticketRequest } from '@tribune/shared/schemas.ts';
import { Router, type Request } from 'express';
import type { IceServers } from '../../auth/IceServers.ts';
import { TICKET_EXPIRES_S, type Tokens } from '../../auth/Tokens.ts';
import type { AddressLimits } from '../../admission/AddressLimits.ts';
import type { Admission } from '../../admission/Admission.ts';
import type { NetworkReader } from '../../admission/network.ts';
import type { Config } from '../../config.ts';
import { AppError } from '../../errors.ts';
import type { Metrics } from '../../metrics/Metrics.ts';
import { guardLookups } from '../guardLookups.ts';
import type { RoomManager } from '../../rooms/RoomManager.ts';
import { roleOf } from '../../store/RoomRecord.ts';
import { authenticate } from '../authenticate.ts';
import { parseBody } from '../parseBody.ts';
import type { RtpCapabilities } from 'mediasoup/types';

export interface RoomRoutesOptions {
  readonly rooms: RoomManager;
  readonly admission: Admission;
  readonly limits: AddressLimits;
  readonly networkOf: NetworkReader;
  readonly isDraining: () => boolean;
  readonly tokens: Tokens;
  readonly rtpCapabilities: RtpCapabilities;
  readonly metrics: Metrics;
  readonly iceServers: IceServers;
  readonly config: Pick<Config, 'NODE_ID' | 'PUBLIC_URL' | 'basePath'>;
}

/** Create, read, list and end rooms, and tickets to enter them. */
export function roomRoutes(options: RoomRoutesOptions): Router {
  const { rooms, tokens, config, admission, limits, networkOf } = options;
  let listed: { rooms: readonly RoomInfo[]; json: string } | null = null;
  const guarded = guardLookups(options);
  /** Looks for a room, guarded unless this node has it open. */
  const find = async <T>(req: Request, id: string, look: (roomId: string) => Promise<T>): Promise<T> =>
    rooms.rooms.has(id) ? look(id) : guarded(req, async () => look(idOf(id)));

  const createTicket = async (req: Request, id: string): Promise<TicketResponse | QueuePlace | BroadcastAnswer> => {
    const address = networkOf(req);
    const person = authenticate(req, tokens);
    const { avoid } = parseBody(ticketRequest, req);
    admission.assertMayTakePeople();
    const room = await find(req, id, (roomId) => rooms.getOrThrow(roomId));
    const role = roleOf(room.record, person.userId);
    // The stage does not stand in line with the audience, and who comes back to what they had here takes nobody's place.
    const hasPlace =
      room.getPeer(person.userId) !== undefined && !options.isDraining() && (!avoid || avoid !== config.PUBLIC_URL);
    const isExpected = role !== 'listener' || hasPlace;
    if (room.record.broadcast && !isExpected && ticketQuery.parse(req.query).hears === 'http') {
      await limits.take('tickets', address);
      await room.admit(person.userId, null);
      return { plane: 'http' };
    }
    const applicant = { person: `${room.id}:${person.userId}`, address, avoid };
    if (!isExpected) admission.assertNotBusy(applicant);
    limits.assertLeft('tickets', address);
    // Two questions to Redis that go out together.
    await Promise.all([limits.take('tickets', address), room.admit(person.userId, address)]);
    const verdict = isExpected ? null : await admission.admit(applicant);
    if (verdict?.kind === 'wait') {
      const { place, estimateS, retryAfterS } = verdict;
      return { place, estimateS, retryAfterS, plane: 'http' };
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
      iceServers: options.iceServers.issue(person.userId),
      room: room.toInfo(),
    };
  };
  /** Written out once for each list, however many ask for it. */
  const readList = async (): Promise<string> => {
    const current = await rooms.list();
    if (listed?.rooms !== current) listed = { rooms: current, json: JSON.stringify({ rooms: current }) };
    return listed.json;
  };
  return Router()
    .post('/:id/tickets', async (req, res) => {
      const answer = await createTicket(req, req.params.id).catch((error: unknown) => {
        // A join that ends here never comes to a handshake.
        options.metrics.joins.inc({ outcome: error instanceof AppError ? error.code : 'INTERNAL' });
        throw error;
      });
      if ('ticket' in answer) res.status(201);
      else if ('place' in answer) res.status(202).set('Retry-After', String(answer.retryAfterS));
      // Not by `json()`, which would hash each answer for an ETag: no two are alike.
      res.setHeader('Content-Type', 'application/json; charset=utf-8').end(JSON.stringify(answer));
    })
    .get('/', async (_req, res) => void res.type('json').send(await readList()))
    .post('/', async (req, res) => {
      const address = networkOf(req);
      const host = authenticate(req, tokens);
      admission.assertMayTakePeople();
      const settings = parseBody(roomRequest, req);
      await limits.take('rooms', address);
      const room = await rooms.create(settings, host, address);
      res.status(201).location(`${config.basePath}/api/rooms/${room.id}`).json(room);
    })
    .get('/:id', async (req, res) => void res.json(await find(req, req.params.id, (roomId) => rooms.describe(roomId))))
    .post('/:id/end', async (req, res) => {
      const person = authenticate(req, tokens);
      const room = await find(req, req.params.id, (roomId) => rooms.getOrThrow(roomId));
      await room.perform('room:end', person);
      res.status(204).end();
    });
}

/** An id of another form than ours names no room. */
function idOf(id: string): string {
  if (!roomId.safeParse(id).success) throw new AppError('ROOM_NOT_FOUND', 'There is no such room');
  return id;
}
