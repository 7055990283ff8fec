import type { Role, RoomState } from '@tribune/shared/domain.ts';
import { LIMITS } from '@tribune/shared/domain.ts';
import type { RoomClientApi } from '../client/RoomClientApi.ts';
import { can, type Action } from '@tribune/shared/permissions.ts';

/** Undefined: not allowed, or not possible at the moment. */
export type Command = (() => Promise<unknown>) | undefined;

/** What one may do to somebody. */
export interface MemberCommands {
  readonly mute: Command;
  readonly invite: Command;
  readonly demote: Command;
  readonly addCohost: Command;
  readonly removeCohost: Command;
  readonly handOver: Command;
  readonly remove: Command;
  readonly ban: Command;
}

interface Target {
  readonly userId: string;
  readonly role: Role;
  readonly muted?: boolean;
}

/** The rules of moderation for one pair of people, read from the same table as the server's. */
export function memberCommands(
  self: { readonly userId: string; readonly role: Role },
  target: Target,
  stage: RoomState['stage'],
  request: RoomClientApi['request'],
): MemberCommands {
  const { userId } = target;
  const allow = (action: Action, work: () => Promise<unknown>, possible = true): Command =>
    possible && userId !== self.userId && can(self.role, action, target.role) ? work : undefined;
  const cohosts = stage.filter(({ role }) => role === 'cohost').length;
  return {
    mute: allow('stage:mute', () => request('stage:mute', { userId }), target.muted === false),
    invite: allow('stage:invite', () => request('stage:invite', { userId })),
    demote: allow('stage:demote', () => request('stage:demote', { userId })),
    addCohost: allow('cohost:add', () => request('cohost:add', { userId }), cohosts < LIMITS.cohosts),
    removeCohost: allow('cohost:remove', () => request('cohost:remove', { userId })),
    handOver: allow('host:handOver', () => request('host:handOver', { userId })),
    remove: allow('peer:remove', () => request('peer:remove', { userId })),
    ban: allow('peer:ban', () => request('peer:ban', { userId })),
  };
}

export function hasCommand(commands: MemberCommands): boolean {
  return Object.values(commands).some((command) => command !== undefined);
}
