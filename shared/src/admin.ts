import type { Person, RoomInfo, StageMember } from './domain.ts';
import type { AudienceList } from './protocol.ts';

/** What the operator of a server can do: `POST /api/admin/rooms/:id/ACTION`, where all but `end` are aimed at a person. */
export const ADMIN_ACTIONS = ['end', 'remove', 'ban', 'unban'] as const;
export type AdminAction = (typeof ADMIN_ACTIONS)[number];

/** Everybody in a room, as the operator sees them: `GET /api/admin/rooms/:id/people`. */
export interface AdminPeople {
  readonly room: RoomInfo;
  readonly stage: readonly StageMember[];
  readonly hands: readonly Person[];
  /** The first of those whose name contains the `query`. */
  readonly listeners: AudienceList;
  readonly bans: readonly Person[];
}
