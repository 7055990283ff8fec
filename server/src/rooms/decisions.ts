import type { Person, Role } from '@tribune/shared/domain.ts';
import { can } from '@tribune/shared/permissions.ts';
import { roleOf, type Effect, type RoomRecord } from '../store/RoomRecord.ts';

/** What silences somebody, or sends them away: it is done at once, also while the store does not answer, and written when it does. */
const URGENT_ACTIONS = ['stage:mute', 'stage:muteOthers', 'stage:setMuted', 'peer:remove', 'peer:ban'] as const;
type UrgentAction = (typeof URGENT_ACTIONS)[number];

/** What somebody has decided and the store does not know yet. */
export interface Decision {
  readonly id: string;
  readonly action: UrgentAction;
  /** Null is the server, or its operator. */
  readonly actor: Person | null;
  /** At whom it is aimed, and in which role they were then. */
  readonly target: { readonly userId: string; readonly role: Role; readonly name: string } | null;
  /** Number of the record on which it was made: what others decide from the next number on is later, and stays. */
  readonly seq: number;
}

/** Of oneself only the muting is urgent: a voice that is to be heard waits for the store. */
export function isUrgent(action: string, { muted }: { readonly muted?: unknown }): action is UrgentAction {
  return URGENT_ACTIONS.some((urgent) => urgent === action) && (action !== 'stage:setMuted' || muted === true);
}

/** Would the store allow it, were the record the newest? */
export function isAllowed(record: RoomRecord, { action, actor, target }: Omit<Decision, 'id' | 'seq'>): boolean {
  if (record.phase === 'ended') return false;
  return actor === null || can(roleOf(record, actor.userId), action, target?.role);
}

/** The record as it is once the decision holds, under the same number, and who is to be told. */
export function applyDecision(record: RoomRecord, decision: Decision): { record: RoomRecord; effects: Effect[] } {
  const { action, actor, target, seq } = decision;
  if (action === 'peer:remove' || action === 'peer:ban') {
    const isKnown = target && record.excluded.get(target.userId)?.seq === seq + 1;
    const isPromoted = target && record.stage.has(target.userId) && roleOf(record, target.userId) !== target.role;
    if (!target || isKnown || isPromoted) return { record, effects: [] };
    const reason = action === 'peer:ban' ? 'banned' : 'removed';
    return { record: without(record, target.userId, { reason, seq: seq + 1 }), effects: [] };
  }
  const isMeant = (userId: string, role: Role) => {
    if (action === 'stage:setMuted') return userId === actor?.userId;
    if (action === 'stage:mute') return userId === target?.userId;
    return userId !== actor?.userId && (actor === null || can(roleOf(record, actor.userId), action, role));
  };
  const muted = [...record.stage.values()].filter((member) => !member.muted && isMeant(member.userId, member.role));
  if (muted.length === 0) return { record, effects: [] };
  const stage = new Map(record.stage);
  for (const member of muted) stage.set(member.userId, { ...member, muted: true });
  const told = action === 'stage:setMuted' ? [] : muted;
  return { record: { ...record, stage }, effects: told.map(({ userId }) => ({ userId, cause: 'muted' })) };
}

function without(
  record: RoomRecord,
  userId: string,
  exclusion: { reason: 'removed' | 'banned'; seq: number },
): RoomRecord {
  const [stage, invites] = [new Map(record.stage), new Map(record.invites)];
  stage.delete(userId);
  invites.delete(userId);
  return {
    ...record,
    hasBans: record.hasBans || exclusion.reason === 'banned',
    ...{ stage, invites, hands: record.hands.filter((hand) => hand.userId !== userId) },
    excluded: new Map([...record.excluded, [userId, exclusion]]),
  };
}
