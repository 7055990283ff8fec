import type { Person } from '@tribune/shared/domain.ts';
import { can } from '@tribune/shared/permissions.ts';
import type { NotificationName, Notifications, SelfCause } from '@tribune/shared/protocol.ts';
import { roleOf, toRoomState, toSelfState, type Effect, type RoomRecord } from '../store/RoomRecord.ts';
import type { Peer } from './Peer.ts';

/** The sockets of a room on this node, reached with one encoding. */
export interface RoomAudience {
  toEveryone<N extends NotificationName>(name: N, data: Notifications[N]): void;
  toStage<N extends NotificationName>(name: N, data: Notifications[N]): void;
}

/** What has become of a room, and through whom. */
interface Change {
  readonly before: RoomRecord;
  readonly after: RoomRecord;
  readonly effects: readonly Effect[];
  readonly actor: Person | null;
}

/**
 * Tells the people of this node what changed: the stage at once, each person what concerns them, and the audience with the next
 * pulse. Every node tells its own people, from the record that all of them read.
 */
export class RoomNotifier {
  readonly #people: RoomAudience;
  readonly #getPeer: (userId: string) => Peer | undefined;

  constructor(people: RoomAudience, getPeer: (userId: string) => Peer | undefined) {
    this.#people = people;
    this.#getPeer = getPeer;
  }

  tell(change: Change): void {
    if (change.after.seq > change.before.seq) this.#tellState(change);
    this.#tellSelves(change);
    this.#tellHands(change);
  }

  /** Everyone is told at once when the doors open or close, when a recording begins or ends, or when all hands are lowered. */
  #tellState({ before, after }: Change): void {
    const state = toRoomState(after);
    const isForStage =
      before.phase === after.phase && before.recording === after.recording && !clearsHands(before, after);
    if (isForStage) this.#people.toStage('room:state', state);
    else this.#people.toEveryone('room:state', state);
  }

  #tellSelves({ before, after, effects, actor }: Change): void {
    for (const { userId, cause } of changedSelves(before, after, effects, actor?.userId)) {
      const peer = this.#getPeer(userId);
      if (!peer?.link) continue;
      const by = actor && actor.userId !== userId ? actor.name : null;
      peer.link.notify('self:changed', { self: toSelfState(after, peer), cause, by });
    }
  }

  /** The queue goes to those who moderate: when it changed, and when they have just become one of them. */
  #tellHands({ before, after: { hands, stage } }: Change): void {
    const changed =
      hands.length !== before.hands.length || hands.some((hand, i) => hand.userId !== before.hands[i]?.userId);
    for (const { userId, role } of stage.values()) {
      const isNew = !can(roleOf(before, userId), 'hand:approve');
      if (!can(role, 'hand:approve') || !(changed || isNew)) continue;
      this.#getPeer(userId)?.link?.notify('hands:changed', { hands });
    }
  }
}

/** Has a queue of several hands been emptied? One message says so to everyone: no hand is up, so nobody's is. */
function clearsHands(before: RoomRecord, after: RoomRecord): boolean {
  return before.hands.length > 1 && after.hands.length === 0;
}

/** Whose own state a transition changed, and why: the cause that it named, else what can be seen. */
function changedSelves(before: RoomRecord, after: RoomRecord, effects: readonly Effect[], actorId?: string): Effect[] {
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
