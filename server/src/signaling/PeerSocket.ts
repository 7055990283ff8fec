import type { CloseReason } from '@tribune/shared/errors.ts';
import { can } from '@tribune/shared/permissions.ts';
import {
  requests,
  type Ack,
  type ConsumerInfo,
  type NotificationName,
  type Notifications,
  type RequestName,
} from '@tribune/shared/protocol.ts';
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { PeerLink } from '../rooms/Peer.ts';
import { roleOf } from '../store/RoomRecord.ts';
import { handlers, type RequestContext } from './handlers.ts';
import { Quota } from './Quota.ts';
import type { TribuneSocket } from './SignalingServer.ts';

const CONSUMER_ACK_TIMEOUT_MS = 5000;
/** Time for the reason to reach the client before the socket is cut. */
const CLOSE_DELAY_MS = 200;

type AnyHandler = (data: unknown, context: RequestContext) => Promise<unknown>;

/** One socket that was let in: what its person asks comes in, and what the room tells them goes out. */
export class PeerSocket implements PeerLink {
  readonly #socket: TribuneSocket;
  readonly #stageChannel: string;
  readonly #onClose: (reason: CloseReason) => void;
  #closed = false;

  /** @param stageChannel the Socket.IO room of those on stage */
  constructor(socket: TribuneSocket, stageChannel: string, onClose: (reason: CloseReason) => void) {
    this.#socket = socket;
    this.#stageChannel = stageChannel;
    this.#onClose = onClose;
  }

  get isClosing(): boolean {
    return this.#closed;
  }

  notify<N extends NotificationName>(name: N, data: Notifications[N]): void {
    this.#socket.emit(name, ...([data] as never));
  }

  async announceConsumer(consumer: ConsumerInfo): Promise<void> {
    await this.#socket.timeout(CONSUMER_ACK_TIMEOUT_MS).emitWithAck('consumer:created', consumer);
  }

  setOnStage(onStage: boolean): void {
    void (onStage ? this.#socket.join(this.#stageChannel) : this.#socket.leave(this.#stageChannel));
  }

  /** Idempotent: the first reason counts. */
  close(reason: CloseReason): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onClose(reason);
    this.#socket.emit('closed', { reason });
    // No request is heard in the meantime.
    setTimeout(() => this.#socket.disconnect(true), CLOSE_DELAY_MS);
  }

  /**
   * Answers requests from here on: each takes a token, has its payload parsed, asks the permission table, runs and is acknowledged.
   * Nothing that a client sends gets past it unparsed, and nothing thrown gets past it at all.
   */
  serve(context: RequestContext, createLogger: () => Logger): void {
    const quota = new Quota(() => {
      createLogger().warn('A socket went past its quotas and was closed');
      this.close('abuse');
    });
    // One function takes all requests: a listener for each would be dozens of functions for every socket. It hands nothing on: a client
    // could have Socket.IO emit any event by its name.
    this.#socket.use(([name, ...received]) => {
      if (this.#closed || !this.#socket.connected) return;
      if (!isRequest(name)) return quota.refuse();
      const ack = received.findLast((value) => typeof value === 'function') as
        ((ack: Ack<unknown>) => void) | undefined;
      const payload: unknown = typeof received[0] === 'function' ? undefined : received[0];
      answer(name, payload, context, quota).then(
        (data) => ack?.({ ok: true, data }),
        (error: unknown) => ack?.({ ok: false, error: toWireError(error, name, createLogger) }),
      );
    });
  }
}

function isRequest(name: unknown): name is RequestName {
  return typeof name === 'string' && Object.hasOwn(requests, name);
}

async function answer(name: RequestName, payload: unknown, context: RequestContext, quota: Quota): Promise<unknown> {
  const { room, peer } = context;
  if (!quota.take(name)) throw new AppError('RATE_LIMITED', 'Too many requests');
  const parsed = requests[name].data.safeParse(payload);
  if (!parsed.success) throw new AppError('INVALID_PAYLOAD', `The payload of ${name} is not what it should be`);
  const role = roleOf(room.record, peer.userId);
  if (!can(role, name)) throw new AppError('NOT_ALLOWED', `Not in the role of ${role}`);
  const { data } = parsed;
  const handler = (handlers as Partial<Record<RequestName, AnyHandler>>)[name];
  if (handler) return handler(data, context);
  await room.perform(name, peer, data ?? {});
  // What it changed is told to everyone alike.
  return null;
}

function toWireError(error: unknown, name: string, createLogger: () => Logger) {
  if (error instanceof AppError) {
    if (error.code === 'INTERNAL' || error.code === 'UNAVAILABLE')
      createLogger().warn({ err: error, request: name }, 'Request failed');
    return { code: error.code, message: error.message };
  }
  createLogger().error({ err: error, request: name }, 'Request failed in a way that nobody foresaw');
  return { code: 'INTERNAL', message: 'Something went wrong on the server' } as const;
}
