import type { Role } from '@tribune/shared/domain.ts';
import { can } from '@tribune/shared/permissions.ts';
import {
  requests,
  type Ack,
  type RequestData,
  type RequestName,
  type RequestResult,
} from '@tribune/shared/protocol.ts';
import type { IceServers } from '../auth/IceServers.ts';
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { Peer } from '../rooms/Peer.ts';
import type { Room } from '../rooms/Room.ts';
import type { Quota } from './Quota.ts';

/** Who asks, and where. */
export interface RequestContext {
  readonly room: Room;
  readonly peer: Peer;
  readonly iceServers: IceServers;
}

export type Handler<N extends RequestName> = (
  data: RequestData<N>,
  context: RequestContext,
) => Promise<RequestResult<N>>;

export interface HandlerContext extends RequestContext {
  readonly role: () => Role;
  readonly quota: Quota;
  /** Made when there is something to say: most sockets never log. */
  readonly createLogger: () => Logger;
}

/**
 * Answers a request: takes a token, parses the payload, asks the permission table, runs the handler and acknowledges. Nothing that a
 * client sends gets past it unparsed, and nothing thrown gets past it at all.
 * @param received what came after the name, the acknowledgement included
 */
export function answerRequest<N extends RequestName>(
  name: N,
  handler: Handler<N>,
  context: HandlerContext,
  received: readonly unknown[],
): void {
  const ack = received.findLast((value) => typeof value === 'function') as ((ack: Ack<unknown>) => void) | undefined;
  const payload = typeof received[0] === 'function' ? undefined : received[0];
  run(name, payload, handler, context).then(
    (data) => ack?.({ ok: true, data }),
    (error: unknown) => ack?.({ ok: false, error: toWireError(error, name, context) }),
  );
}

async function run<N extends RequestName>(
  name: N,
  payload: unknown,
  handler: Handler<N>,
  { room, peer, iceServers, role, quota }: HandlerContext,
): Promise<RequestResult<N>> {
  if (!quota.take(name)) throw new AppError('RATE_LIMITED', 'Too many requests');
  const parsed = requests[name].data.safeParse(payload);
  if (!parsed.success) throw new AppError('INVALID_PAYLOAD', `The payload of ${name} is not what it should be`);
  if (!can(role(), name)) throw new AppError('NOT_ALLOWED', `Not in the role of ${role()}`);
  return handler(parsed.data as RequestData<N>, { room, peer, iceServers });
}

function toWireError(error: unknown, name: string, { createLogger }: HandlerContext) {
  if (error instanceof AppError) {
    if (error.code === 'INTERNAL' || error.code === 'UNAVAILABLE')
      createLogger().warn({ err: error, request: name }, 'Request failed');
    return { code: error.code, message: error.message };
  }
  createLogger().error({ err: error, request: name }, 'Request failed in a way that nobody foresaw');
  return { code: 'INTERNAL', message: 'Something went wrong on the server' } as const;
}
