import { STAGE_ROLES, type Role } from './domain.ts';

const EVERYONE = ['host', 'cohost', 'speaker', 'listener'] as const satisfies readonly Role[];
const MODERATORS = ['host', 'cohost'] as const satisfies readonly Role[];
const NOT_THE_HOST = ['cohost', 'speaker', 'listener'] as const satisfies readonly Role[];

/**
 * Who may do what to whom: acting role -> roles that the action may be aimed at. An action aimed at nobody lists the acting
 * role alone. The server hands the row of an action to the Lua script of its transition, so that the role which decides is
 * the one in the store at that moment; pages read the same table to show only what can be done.
 */
export const PERMISSIONS = {
  'room:goLive': self(MODERATORS),
  'room:lock': self(MODERATORS),
  'room:setSound': self(['host']),
  'room:end': self(['host']),
  'recording:start': self(['host']),
  'recording:stop': self(['host']),
  'room:snapshot': self(EVERYONE),
  'room:health': self(MODERATORS),
  'quality:report': self(EVERYONE),
  'audience:list': self(MODERATORS),
  'reaction:send': self(EVERYONE),
  'hand:raise': self(['listener']),
  'hand:lower': self(['listener']),
  'hand:approve': { host: ['listener'], cohost: ['listener'] },
  'hand:decline': { host: ['listener'], cohost: ['listener'] },
  'hand:lowerAll': self(MODERATORS),
  'stage:invite': { host: ['listener'], cohost: ['listener'] },
  'stage:accept': self(['listener']),
  'stage:decline': self(['listener']),
  'stage:leave': self(['cohost', 'speaker']),
  'stage:demote': { host: ['cohost', 'speaker'], cohost: ['speaker'] },
  'stage:setMuted': self(STAGE_ROLES),
  'stage:mute': { host: ['cohost', 'speaker'], cohost: ['cohost', 'speaker'] },
  'stage:muteOthers': { host: ['cohost', 'speaker'], cohost: ['cohost', 'speaker'] },
  'peer:remove': { host: NOT_THE_HOST, cohost: ['speaker', 'listener'] },
  'peer:ban': { host: NOT_THE_HOST, cohost: ['speaker', 'listener'] },
  'peer:unban': self(MODERATORS),
  'ban:list': self(MODERATORS),
  'cohost:add': { host: ['speaker'] },
  'cohost:remove': { host: ['cohost'] },
  'host:handOver': { host: ['cohost', 'speaker'] },
  'media:start': self(EVERYONE),
  'transport:create': self(STAGE_ROLES),
  'transport:connect': self(EVERYONE),
  'transport:restartIce': self(EVERYONE),
  'producer:create': self(STAGE_ROLES),
  'producer:close': self(STAGE_ROLES),
} as const satisfies Record<string, Partial<Record<Role, readonly Role[]>>>;

export type Action = keyof typeof PERMISSIONS;

/** May `role` do `action`, and, where it is aimed at someone, to a person of `target` role? */
export function can(role: Role, action: Action, target?: Role): boolean {
  const row: Partial<Record<Role, readonly Role[]>> = PERMISSIONS[action];
  const targets = row[role];
  return targets !== undefined && (target === undefined || targets.includes(target));
}

function self<R extends Role>(roles: readonly R[]): Partial<Record<Role, readonly Role[]>> {
  return Object.fromEntries(roles.map((role) => [role, [role]]));
}
