import type { Person, SelfState } from '@tribune/shared/domain.ts';
import type { SelfCause } from '@tribune/shared/protocol.ts';
import { roleOf, type Effect, type RoomRecord } from '../store/RoomRecord.ts';

export function toSelfState(record: RoomRecord, { userId, name }: Person): SelfState {
  const place = record.hands.findIndex((hand) => hand.userId === userId);
  return {
    userId,
    name,
    role: roleOf(record, userId),
    handPlace: place === -1 ? null : place + 1,
    invitedBy: record.invites.get(userId) ?? null,
  };
}

/** Has a queue of several hands been emptied? One message says so to everyone: no hand is up, so nobody's is. */
export function clearsHands(before: RoomRecord, after: RoomRecord): boolean {
  return before.hands.length > 1 && after.hands.length === 0;
}

/** Whose own state a transition changed, and why: the cause that it named, else what can be seen. */
export function changedSelves(
  before: RoomRecord,
  after: RoomRecord,
  effects: readonly Effect[],
  actorId?: string,
): Effect[] {
  const causes = new Map<string, SelfCause>(effects.map(({ userId, cause }) => [userId, cause]));
  const places = [handPlaces(before), handPlaces(after)] as const;
  const concerned = new Set([...places[0].keys(), ...places[1].keys(), ...before.stage.keys(), ...after.stage.keys()]);
  for (const userId of [...concerned, ...before.invites.keys(), ...after.invites.keys()]) {
    if (causes.has(userId)) continue;
    const roleChanged = roleOf(before, userId) !== roleOf(after, userId);
    const withdrawn = before.invites.has(userId) && !after.invites.has(userId) && !after.stage.has(userId);
    if (withdrawn) causes.set(userId, userId === actorId ? 'other' : 'inviteWithdrawn');
    else if (roleChanged) causes.set(userId, 'other');
    else if (!clearsHands(before, after) && places[0].get(userId) !== places[1].get(userId))
      causes.set(userId, 'handPlace');
  }
  return [...causes].map(([userId, cause]) => ({ userId, cause }));
}

function handPlaces({ hands }: RoomRecord): Map<string, number> {
  return new Map(hands.map(({ userId }, i) => [userId, i]));
}
