import type { IncomingMessage, Server as HttpServer } from 'node:http';
import { PROTOCOL_VERSION } from '@tribune/shared/domain.ts';
import type { ClientToServerEvents, ServerToClientEvents } from '@tribune/shared/protocol.ts';
import { handshakeAuth } from '@tribune/shared/schemas.ts';
import type { z } from 'zod';
import { Server, type Socket } from 'socket.io';
import { JoinPace } from '../admission/JoinPace.ts';
import { ConnectionLimits } from '../admission/ConnectionLimits.ts';
import type { NetworkReader } from '../admission/network.ts';
import type { IceServers } from '../auth/IceServers.ts';
import type { Ticket, Tokens } from '../auth/Tokens.ts';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics/Metrics.ts';
import type { Peer } from '../rooms/Peer.ts';
import type { Room } from '../rooms/Room.ts';
import type { RoomManager } from '../rooms/RoomManager.ts';
import type { RoomAudience } from '../rooms/RoomNotifier.ts';
import { limitWaiting } from './limitWaiting.ts';
import { PeerSocket } from './PeerSocket.ts';
import { WriteHold } from './WriteHold.ts';

const MAX_MESSAGE_BYTES = 64 * 1024;
const CONNECT_TIMEOUT_MS = 5000;
/** A silent connection is noticed after their sum: a ghost is counted for less than 15 s. */
const PING_INTERVAL_MS = 8000;
const PING_TIMEOUT_MS = 5000;
/** Rooms at once, and a connection or two that are on their way out. */
const MAX_SOCKETS_PER_USER = 8;

/** As the protocol of Socket.IO writes it. */
const CONNECT_PACKET = '0';

/** What is used of a connection of Engine.IO. */
interface RawSocket {
  request: IncomingMessage | null;
  on(event: 'data', listener: (data: unknown) => void): void;
  on(event: 'heartbeat', listener: () => void): void;
  readonly writeBuffer: readonly { readonly data?: unknown }[];
  once(event: 'close', listener: () => void): void;
  close(discard: boolean): void;
}

/** What the handshake settled about a socket. */
interface Admission {
  readonly ticket: Ticket;
  readonly auth: z.output<typeof handshakeAuth>;
  readonly room: Room;
  /** A key of the network that they come from. */
  readonly address: string;
}

export type TribuneSocket = Socket<
  ClientToServerEvents,
  ServerToClientEvents,
  Record<string, never>,
  { admission?: Admission }
>;
type TribuneServer = Server<
  ClientToServerEvents,
  ServerToClientEvents,
  Record<string, never>,
  { admission?: Admission }
>;

interface SignalingServerOptions {
  readonly httpServer: HttpServer;
  readonly config: Pick<
    Config,
    'NODE_ID' | 'NODE_CAPACITY' | 'JOINS_PER_S' | 'PEOPLE_PER_ADDRESS' | 'PER_ADDRESS_SHARE'
  >;
  readonly networkOf: NetworkReader;
  readonly tokens: Tokens;
  readonly iceServers: IceServers;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** Sockets: admits them by ticket, and ties each to its peer. */
export class SignalingServer {
  readonly #options: SignalingServerOptions;
  readonly #io: TribuneServer;
  readonly #socketsOf = new Map<string, number>();
  readonly #pace: JoinPace;
  readonly #connections: ConnectionLimits;
  readonly #writeHold = new WriteHold();
  #rooms: RoomManager | null = null;

  constructor(options: SignalingServerOptions) {
    this.#options = options;
    const { config } = options;
    const perAddressS = Math.ceil(config.PEOPLE_PER_ADDRESS / 60);
    this.#pace = new JoinPace({ perS: config.JOINS_PER_S, share: config.PER_ADDRESS_SHARE, perAddressS });
    this.#connections = new ConnectionLimits(config);
    this.#io = new Server(options.httpServer, {
      transports: ['websocket'],
      serveClient: false,
      perMessageDeflate: false,
      maxHttpBufferSize: MAX_MESSAGE_BYTES,
      connectTimeout: CONNECT_TIMEOUT_MS,
      pingInterval: PING_INTERVAL_MS,
      pingTimeout: PING_TIMEOUT_MS,
      allowRequest: (req, answer) =>
        void this.#connections.mayOpen(options.networkOf(req)).then((allowed) => answer(null, allowed)),
    });
    // The upgrade request is kept by default for as long as the socket lives: kilobytes for each listener.
    this.#io.engine.on('connection', (connection: RawSocket) => {
      this.#connections.open(connection, options.networkOf(connection.request!));
      this.#writeHold.add(connection, connection.request!.socket);
      connection.request = null;
      allowOneConnect(connection);
      limitWaiting(connection, () => {
        options.logger.warn('A connection that answers and reads nothing was closed');
        options.metrics.closes.inc({ reason: 'abuse' });
      });
    });
    // The answer to the upgrade and the first packet leave in one write: a join's dearest part is writing to sockets.
    this.#io.engine.on('headers', (_headers: unknown, { socket }: IncomingMessage) => {
      socket.cork();
      setImmediate(() => socket.uncork());
    });
    this.#io.use((socket, next) => {
      this.#admit(socket).then(
        () => next(),
        (error: unknown) => next(this.#refusal(error)),
      );
    });
    this.#io.on('connection', (socket) => this.#handleConnection(socket));
  }

  /** Rooms need channels and sockets need rooms: the rooms come second. */
  serve(rooms: RoomManager): void {
    this.#rooms = rooms;
  }

  /** The sockets of a room on this node. Each node tells its own. */
  audienceOf(roomId: string): RoomAudience {
    const { everyone, stage } = channels(roomId);
    return {
      toEveryone: (name, ...args) => void this.#io.to(everyone).emit(name, ...(args as never)),
      toStage: (name, ...args) => void this.#io.to(stage).emit(name, ...(args as never)),
    };
  }

  async close(): Promise<void> {
    await this.#io.close();
  }

  async #admit(socket: TribuneSocket): Promise<void> {
    const { protocol, ticket: token } = socket.handshake.auth as { protocol?: unknown; ticket?: unknown };
    if (typeof protocol === 'number' && protocol < PROTOCOL_VERSION)
      throw new AppError('CLIENT_TOO_OLD', 'Reload the page');
    if (typeof protocol === 'number' && protocol > PROTOCOL_VERSION)
      throw new AppError('SERVER_TOO_OLD', 'Come back later');
    if (typeof token !== 'string') throw new AppError('INVALID_PAYLOAD', 'The handshake carries no ticket');
    // Before anything else of what was sent is looked at: that is work, which a stranger could ask for as often as they like.
    const ticket = this.#verify(socket, token);
    const parsed = handshakeAuth.safeParse(socket.handshake.auth);
    if (!parsed.success) throw new AppError('INVALID_PAYLOAD', 'The handshake is not what it should be');
    if (ticket.node !== this.#options.config.NODE_ID)
      throw new AppError('TICKET_INVALID', 'The ticket is for another node');
    if (!this.#rooms) throw new AppError('UNAVAILABLE', 'The server is starting');
    this.#count(socket, ticket.sub);
    const room = await this.#rooms.getOrThrow(ticket.room);
    const address = this.#connections.addressOf(socket.conn);
    await this.#enter(room, ticket, address);
    socket.data.admission = { ticket, auth: parsed.data, room, address };
    // The word that they are in, which Socket.IO writes next, leaves with the welcome.
    this.#writeHold.hold(socket.conn);
  }

  /** @throws {AppError} RATE_LIMITED while too many come in, with the ticket unspent, and as `Room.enter()` */
  async #enter(room: Room, ticket: Ticket, address: string): Promise<void> {
    if (ticket.paced && !this.#connections.hasPlaceFor(address, this.#rooms?.listeners ?? 0))
      throw new AppError('ROOM_FULL', 'The places that are left on this node are for people of other addresses');
    if (ticket.paced && !this.#pace.take(address))
      throw new AppError('RATE_LIMITED', 'Many people are coming in: come back in a moment');
    try {
      await room.enter(ticket, address);
    } catch (error) {
      if (ticket.paced) this.#pace.giveBack(address);
      throw error;
    }
  }

  #verify(socket: TribuneSocket, token: string): Ticket {
    try {
      const ticket = this.#options.tokens.verifyTicket(token);
      this.#connections.recognise(socket.conn);
      return ticket;
    } catch (error) {
      // It was one of ours.
      if (error instanceof AppError && error.code === 'TICKET_EXPIRED') this.#connections.recognise(socket.conn);
      throw error;
    }
  }

  /** Counts a person's connections from the handshake to the end of each. @throws {AppError} QUOTA_EXCEEDED */
  #count(socket: TribuneSocket, userId: string): void {
    const count = this.#socketsOf.get(userId) ?? 0;
    if (count >= MAX_SOCKETS_PER_USER) throw new AppError('QUOTA_EXCEEDED', 'Too many connections of one person');
    this.#socketsOf.set(userId, count + 1);
    socket.conn.once('close', () => {
      const left = (this.#socketsOf.get(userId) ?? 1) - 1;
      if (left > 0) this.#socketsOf.set(userId, left);
      else this.#socketsOf.delete(userId);
    });
  }

  #refusal(error: unknown): Error {
    const refusal =
      error instanceof AppError ? error : new AppError('INTERNAL', 'Something went wrong', { cause: error });
    if (refusal.code === 'INTERNAL') this.#options.logger.error({ err: error }, 'A handshake failed');
    this.#options.metrics.joins.inc({ outcome: refusal.code });
    // Socket.IO sends the members of `data` to the client.
    return Object.assign(new Error(refusal.code), { data: { code: refusal.code, message: refusal.message } });
  }

  #handleConnection(socket: TribuneSocket): void {
    const { admission } = socket.data;
    if (!admission) return void socket.disconnect(true);
    const { room, ticket, auth, address } = admission;
    const person = { userId: ticket.sub, name: ticket.name };
    const { metrics, iceServers, logger } = this.#options;
    const link = new PeerSocket(socket, channels(room.id).stage, (reason) => metrics.closes.inc({ reason }));
    try {
      const { instanceId, rtpCapabilities } = auth;
      const unreachableNode = ticket.unreachable;
      const peer = room.attach({ person, instanceId, rtpCapabilities, link, address, unreachableNode });
      socket.on('disconnect', (reason) => {
        room.detach(person.userId, link, { gone: reason === 'client namespace disconnect' });
      });
      link.serve({ room, peer, iceServers }, () => logger.child({ roomId: room.id, userId: peer.userId }));
      void this.#welcome(socket, room, peer, auth.transportIds);
    } catch {
      this.#writeHold.release(socket.conn);
      // Closed between the handshake and now.
      link.close(room.record.phase === 'ended' ? 'ended' : 'restarting');
    }
  }

  async #welcome(socket: TribuneSocket, room: Room, peer: Peer, transportIds: readonly string[]): Promise<void> {
    try {
      const welcome = await room.welcome(peer, transportIds);
      // In this order, with nothing awaited between: the welcome comes first, and no later change is missed.
      socket.emit('welcome', welcome);
      void socket.join(channels(room.id).everyone);
      peer.link?.setOnStage(room.record.stage.has(peer.userId));
      this.#options.metrics.joins.inc({ outcome: 'joined' });
    } catch (error) {
      // Closed meanwhile, as when the room ended: they were told.
      if (peer.closed) return;
      this.#options.logger.warn({ err: error, roomId: room.id }, 'A welcome failed; the client will come back');
      this.#options.metrics.joins.inc({ outcome: 'UNAVAILABLE' });
      socket.disconnect(true);
    } finally {
      this.#writeHold.release(socket.conn);
    }
  }
}

/**
 * The first packet of a connection asks for the namespace that there is. A client that asks again was refused, or tries others: each time
 * is work, and none is any use.
 */
function allowOneConnect(connection: RawSocket): void {
  let asked = false;
  connection.on('data', (data) => {
    if (typeof data !== 'string' || !data.startsWith(CONNECT_PACKET)) return;
    if (asked) connection.close(true);
    asked = true;
  });
}

/** Names of the Socket.IO rooms of a room. */
function channels(roomId: string) {
  return { everyone: `room:${roomId}`, stage: `stage:${roomId}` };
}
