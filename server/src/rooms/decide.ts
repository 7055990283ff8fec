import type { CloseReason } from '@tribune/shared/errors.ts';
import type { HomeState } from '../cluster/StageHome.ts';
import type { MixPart } from '../broadcast/recorderMessages.ts';
import type { StagePlace } from '../media/RoomMedia.ts';
import type { Endpoint, MixPlan } from '../mixer/mixerMessages.ts';
import type { RoomRecord } from '../store/RoomRecord.ts';
import type { Graces } from './graces.ts';

/** Everything that is known of one room on one node at one moment. */
export interface RoomView {
  readonly record: RoomRecord;
  readonly home: HomeState;
  /** Does the node live that has the home, where that is another? */
  readonly isHomeAlive: boolean;
  /** People on stage who are here since they could not reach the node that has the home. */
  readonly stranded: ReadonlySet<string>;
  /** May this node write for the room? */
  readonly holdsLease: boolean;
  /** People who hold a place and are connected nowhere, and for how many ms. */
  readonly missingMs: ReadonlyMap<string, number>;
  /** For how many ms nobody has been on this node; null while somebody is. */
  readonly emptyMs: number | null;
  /** For how many ms nobody has been on stage, on no node, in a room that is live; null while somebody is. */
  readonly leaderlessMs: number | null;
  /** Connections to other nodes. */
  readonly presentElsewhere: number;
  /** There are other nodes, of which none has the room open. */
  readonly isOnlyHere: boolean;
  /** Where other nodes take the mix. */
  readonly mixEndpoints: readonly Endpoint[];
  /** Somebody hears the room over HTTP. */
  readonly isHeardOverHttp: boolean;
}

/** What becomes of one person who is connected to this node. */
export interface PeerPlan {
  /** Which plane they hear. `unchanged`: what they hear now, for as long as it is there, while the stage is on its way or elsewhere. */
  readonly hears: 'stage' | 'audience' | 'nothing' | 'unchanged';
  /** Their microphone, on the server's side. */
  readonly producer: 'open' | 'paused' | 'closed';
  /** They have to go, where they entered when the record's number was less than `enteredBefore`. */
  readonly leave: { readonly reason: CloseReason; readonly enteredBefore: number } | null;
}

/** A change that the home makes by itself, as an action of the store with its arguments. */
type HomeWrite =
  | {
      readonly action: 'peer:presence';
      readonly args: { readonly people: readonly { readonly userId: string; readonly away: boolean }[] };
    }
  | { readonly action: 'peer:expire'; readonly args: { readonly userIds: readonly string[] } }
  | { readonly action: 'host:succeed' | 'room:end'; readonly args: Record<string, never> };

/** What this node has to do about the room. The same view always gives the same plan, and applying a plan twice changes nothing. */
export interface Plan {
  /** The room is over, or over for this node. */
  readonly close: CloseReason | null;
  /** False once nobody has been here for the grace: routers and the mix are given back. */
  readonly needsMedia: boolean;
  readonly stage: StagePlace;
  readonly mix: MixPlan;
  /** What this node does for the recording; null: nothing. */
  readonly records: MixPart | null;
  /** This node makes segments of the mix, to be heard now over HTTP. */
  readonly broadcasts: boolean;
  /** What holds for everyone who is not named. */
  readonly everyone: PeerPlan;
  readonly named: ReadonlyMap<string, PeerPlan>;
  readonly writes: readonly HomeWrite[];
}

/** Whom a plan concerns: by name, or as everyone. */
export function planFor(plan: Pick<Plan, 'everyone' | 'named'>, userId: string): PeerPlan {
  return plan.named.get(userId) ?? plan.everyone;
}

const ALWAYS = Number.POSITIVE_INFINITY;

/** Decides everything about a room on this node. Pure: tables of views and plans are its tests. */
export function decide(view: RoomView, graces: Graces): Plan {
  const { record, home, emptyMs } = view;
  const hasStage = home.kind === 'here' || home.kind === 'handingOver';
  const everyone: PeerPlan = {
    hears: record.phase === 'live' ? 'audience' : 'nothing',
    producer: 'closed',
    leave: null,
  };
  const needsMedia = emptyMs === null || emptyMs < graces.stageMs;
  return {
    close: decideClose(view, graces),
    needsMedia,
    stage: home.kind === 'here' ? 'here' : hasStage ? 'leaving' : 'away',
    mix: { epoch: hasStage ? home.epoch : null, nodes: hasStage ? view.mixEndpoints : [], sound: record.sound },
    records: record.recordingSince !== null && needsMedia ? decideRecording(view) : null,
    broadcasts: view.isHeardOverHttp && record.phase === 'live' && needsMedia,
    everyone,
    named: new Map([...membersOf(view, everyone), ...excludedOf(view, everyone)]),
    writes: view.holdsLease ? decideWrites(view, graces) : [],
  };
}

/** The home stores the mix, and all others who have the room open hold what they hear. */
function decideRecording({ home, isOnlyHere }: RoomView): MixPart | null {
  if (home.kind === 'here') return { epoch: home.epoch, isHome: true, isAlone: isOnlyHere };
  const other = home.kind === 'elsewhere' ? home.home : home.kind === 'handingOver' ? home.to : null;
  return other && { epoch: other.epoch, isHome: false, isAlone: false };
}

function decideClose({ record, home, isHomeAlive, holdsLease, emptyMs }: RoomView, graces: Graces): CloseReason | null {
  if (record.phase === 'ended') return 'ended';
  // Others keep the room; it is opened here again when somebody comes.
  const isDeserted = emptyMs !== null && emptyMs >= graces.stageMs;
  return isDeserted && !holdsLease && home.kind === 'elsewhere' && isHomeAlive ? 'moved' : null;
}

/** People on stage belong where the stage is. */
function* membersOf(
  { record, home, isHomeAlive, stranded }: RoomView,
  everyone: PeerPlan,
): Iterable<[string, PeerPlan]> {
  const goes = isHomeAlive && (home.kind === 'elsewhere' || (home.kind === 'handingOver' && home.to !== null));
  const leave = goes ? ({ reason: 'moved', enteredBefore: ALWAYS } as const) : null;
  for (const { userId, muted } of record.stage.values()) {
    const producer = muted ? 'paused' : 'open';
    // Sent there again they would only come back: until the home is another node, they listen as the audience does.
    if (home.kind === 'elsewhere' && stranded.has(userId)) {
      yield [userId, everyone];
      continue;
    }
    if (home.kind === 'here') yield [userId, { hears: 'stage', producer, leave }];
    // What comes in goes on until they have followed.
    else if (home.kind === 'handingOver') yield [userId, { hears: 'unchanged', producer, leave }];
    else yield [userId, { hears: 'unchanged', producer: 'closed', leave }];
  }
}

/** People whom a moderator has removed or banned, for as long as the record names them. */
function* excludedOf({ record }: RoomView, everyone: PeerPlan): Iterable<[string, PeerPlan]> {
  for (const [userId, { reason, seq }] of record.excluded) {
    // A ban is for good. Somebody who was removed may have come back since.
    const leave = { reason, enteredBefore: reason === 'banned' ? ALWAYS : seq };
    if (!record.stage.has(userId)) yield [userId, { ...everyone, leave }];
  }
}

function decideWrites(view: RoomView, graces: Graces): HomeWrite[] {
  const { record, missingMs, emptyMs, leaderlessMs, presentElsewhere } = view;
  const members = [...record.stage.values()];
  const people = members
    .filter(({ userId, away }) => away !== missingMs.has(userId))
    .map(({ userId }) => ({ userId, away: missingMs.has(userId) }));
  const expired = [...missingMs].filter(([userId, ms]) => userId !== record.host.userId && ms >= graces.stageMs);
  const heirIsHere = members.some(({ userId, role }) => role !== 'host' && !missingMs.has(userId));
  const isHostGone = heirIsHere && (missingMs.get(record.host.userId) ?? 0) >= graces.hostMs;
  const isAbandoned = emptyMs !== null && emptyMs >= graces.emptyRoomMs && presentElsewhere === 0;
  const isLeaderless = leaderlessMs !== null && leaderlessMs >= graces.leaderlessMs;
  const writes: HomeWrite[] = [];
  if (people.length > 0) writes.push({ action: 'peer:presence', args: { people } });
  if (expired.length > 0) writes.push({ action: 'peer:expire', args: { userIds: expired.map(([userId]) => userId) } });
  if (isHostGone) writes.push({ action: 'host:succeed', args: {} });
  if (isAbandoned || isLeaderless) writes.push({ action: 'room:end', args: {} });
  return writes;
}
