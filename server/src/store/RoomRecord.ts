import { z } from 'zod';
import {
  PHASES,
  RECORDING_POLICIES,
  ROOM_LANGUAGES,
  ROOM_SOUNDS,
  STAGE_ROLES,
  type Person,
  type Phase,
  type RecordingPolicy,
  type Role,
  type RoomInfo,
  type RoomLanguage,
  type RoomSound,
  type RoomState,
  type SelfState,
  type StageMember,
} from '@tribune/shared/domain.ts';
import type { SelfCause } from '@tribune/shared/protocol.ts';

const SPEAKERS_ON_CARD = 6;

/** A room as the store holds it: one consistent reading, replaced whole by each transition's answer. */
export interface RoomRecord {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly language: RoomLanguage;
  readonly speakerLimit: number;
  readonly phase: Phase;
  readonly locked: boolean;
  readonly sound: RoomSound;
  readonly seq: number;
  readonly host: Person;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly broadcast: boolean;
  readonly recordingPolicy: RecordingPolicy;
  /** The host wants it: it is recorded while it is live. */
  readonly recording: boolean;
  /** Unix times in ms, null where it never was: when it was first recorded, since when it is now, and until when it was last. */
  readonly recordedFrom: number | null;
  readonly recordingSince: number | null;
  readonly recordedUntil: number | null;
  /** How long the recording is, without what goes on now. */
  readonly recordedMs: number;
  /** False where nobody is banned; true where somebody is, or may be. */
  readonly hasBans: boolean;
  /** By user id, in the order of coming on stage. */
  readonly stage: ReadonlyMap<string, StageMember>;
  /** First come first. */
  readonly hands: readonly Person[];
  /** User id -> name of who invited them. */
  readonly invites: ReadonlyMap<string, string>;
  /** People whom a moderator has sent away lately, by user id, with the number of the record that first says so. */
  readonly excluded: ReadonlyMap<string, Exclusion>;
}

interface Exclusion {
  readonly reason: 'removed' | 'banned';
  readonly seq: number;
}

/** Someone to be told why their own state changed. */
export interface Effect {
  readonly userId: string;
  readonly cause: SelfCause;
}

const flag = z.enum(['0', '1']).transform((value) => value === '1');
const count = z.coerce.number();
const optionalTime = count.optional().transform((value) => value ?? null);

const roomHash = z.object({
  id: z.string(),
  title: z.string(),
  description: z.string(),
  language: z.enum(ROOM_LANGUAGES),
  speakerLimit: count,
  phase: z.enum(PHASES),
  locked: flag,
  // Rooms that were made by an older node have none.
  sound: z.enum(ROOM_SOUNDS).default('speech'),
  seq: count,
  hostId: z.string(),
  hostName: z.string(),
  createdAt: count,
  startedAt: optionalTime,
  endedAt: optionalTime,
  broadcast: flag.default(false),
  recordingPolicy: z.enum(RECORDING_POLICIES).default('allowed'),
  recording: flag.default(false),
  recordedFrom: optionalTime,
  recordingSince: optionalTime,
  recordedUntil: optionalTime,
  recordedMs: count.default(0),
  // How much each part of the room holds, as `parts.lua` counts: the people who are banned come last.
  parts: z.string().default(''),
});

const storedMember = z.object({
  userId: z.string(),
  name: z.string(),
  role: z.enum(STAGE_ROLES),
  muted: z.boolean(),
  away: z.boolean(),
  since: z.number(),
});

/** Order on the stage: the host first, then by coming. */
function byPlace(a: StageMember, b: StageMember): number {
  if (a.role === 'host' || b.role === 'host') return a.role === 'host' ? -1 : 1;
  return a.since - b.since || a.userId.localeCompare(b.userId);
}

/** Reads the answer of `transitions/main.lua` after its 'ok'. */
export function parseRecord(answer: readonly unknown[]): { record: RoomRecord; effects: Effect[] } {
  const [room, stage, hands, names, invites, effects, excluded] = answer as [
    string[],
    string[],
    string[],
    string[],
    string[],
    string[],
    string[],
  ];
  const { hostId, hostName, parts, ...hash } = roomHash.parse(Object.fromEntries(pairs(room)));
  const nameOf = new Map(pairs(names));
  const members = stage.map((json) => storedMember.parse(JSON.parse(json))).toSorted(byPlace);
  return {
    record: {
      ...hash,
      host: { userId: hostId, name: hostName },
      // Where the count is of another number of the record, a node that does not count has changed the room since.
      hasBans: !(parts.startsWith(`${hash.seq} `) && parts.endsWith(' 0')),
      stage: new Map(members.map((member) => [member.userId, member])),
      hands: hands.map((userId) => ({ userId, name: nameOf.get(userId) ?? '' })),
      invites: new Map(pairs(invites)),
      excluded: new Map(pairs(excluded).map(([entry, seq]) => readExclusion(entry, Number(seq)))),
    },
    effects: pairs(effects).map(([userId, cause]) => ({ userId, cause: cause as SelfCause })),
  };
}

/** @param entry `reason:userId` */
function readExclusion(entry: string, seq: number): [string, Exclusion] {
  const at = entry.indexOf(':');
  return [entry.slice(at + 1), { reason: entry.slice(0, at) === 'banned' ? 'banned' : 'removed', seq }];
}

/** A flat list of keys and values, as Redis answers with hashes. */
function pairs(flat: readonly string[]): [string, string][] {
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i] ?? '', flat[2 * i + 1] ?? '']);
}

export function roleOf(record: RoomRecord, userId: string): Role {
  return record.stage.get(userId)?.role ?? 'listener';
}

/** Who has something in the room that is kept for them: a place on stage, a hand or an invitation. */
export function placedIn({ stage, hands, invites }: RoomRecord): string[] {
  return [...stage.keys(), ...hands.map(({ userId }) => userId), ...invites.keys()];
}

/** The part of a room that everyone in it shares. */
export function toRoomState(record: RoomRecord): RoomState {
  return {
    seq: record.seq,
    phase: record.phase,
    locked: record.locked,
    sound: record.sound,
    speakerLimit: record.speakerLimit,
    stage: [...record.stage.values()],
    handCount: record.hands.length,
    startedAt: record.startedAt,
    endedAt: record.endedAt,
    recordingPolicy: record.recordingPolicy,
    recording: record.recording,
  };
}

/** What concerns one person in it. */
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

/** What anyone who holds the link may know. */
export function toRoomInfo(record: RoomRecord, listeners: number): RoomInfo {
  const { id, title, description, language, speakerLimit, phase, host, createdAt, startedAt, endedAt, stage } = record;
  const speakers = [...stage.values()].filter(({ away }) => !away).map(({ userId, name }) => ({ userId, name }));
  return {
    ...{ id, title, description, language, speakerLimit, phase, host, createdAt, startedAt, endedAt, listeners },
    isRecorded: record.recordedFrom !== null,
    isBroadcast: record.broadcast,
    speakers: speakers.slice(0, SPEAKERS_ON_CARD),
  };
}
