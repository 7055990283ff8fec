/** Words of the domain that server, page and load test share. Types and constants only: this file costs a browser nothing. */

/** Version of the signalling protocol; carried in the handshake and checked there. */
export const PROTOCOL_VERSION = 1;

export const ROLES = ['host', 'cohost', 'speaker', 'listener'] as const;
export type Role = (typeof ROLES)[number];

/** Roles that stand on the stage, in order of rank. */
export const STAGE_ROLES = ['host', 'cohost', 'speaker'] as const satisfies readonly Role[];
export type StageRole = (typeof STAGE_ROLES)[number];

export function isStageRole(role: Role): role is StageRole {
  return role !== 'listener';
}

/**
 * - `backstage`: host and speakers hear each other, listeners wait outside.
 * - `live`: everyone hears the stage.
 * - `ended`: nobody can come in; the room is kept for a day so that its link still explains itself.
 */
export const PHASES = ['backstage', 'live', 'ended'] as const;
export type Phase = (typeof PHASES)[number];

/** Whether rooms of a server are recorded: never, where their host wants it, or always. */
export const RECORDING_POLICIES = ['off', 'allowed', 'always'] as const;
export type RecordingPolicy = (typeof RECORDING_POLICIES)[number];

export const REACTION_KINDS = ['heart', 'clap', 'laugh', 'fire', 'hundred', 'wave'] as const;
export type ReactionKind = (typeof REACTION_KINDS)[number];

/** Languages that a room can be held in (BCP 47 primary subtags). */
export const ROOM_LANGUAGES = ['en', 'fr', 'es', 'de', 'it', 'pt', 'nl', 'pl', 'ar', 'hi', 'ja', 'zh'] as const;
export type RoomLanguage = (typeof ROOM_LANGUAGES)[number];

/**
 * What a room is made for. `music`: nothing at the microphone or in the mix takes for noise what is none, and the mix has all frequencies
 * that one hears.
 */
export const ROOM_SOUNDS = ['speech', 'music'] as const;
export type RoomSound = (typeof ROOM_SOUNDS)[number];

export const LIMITS = {
  nameLength: 40,
  titleLength: 80,
  descriptionLength: 500,
  minSpeakers: 1,
  maxSpeakers: 50,
  defaultSpeakers: 13,
  cohosts: 2,
  hands: 200,
  /** A recording is no longer than two weeks. */
  replayMs: 14 * 24 * 3_600_000,
  /** Of one recording, besides those of people who were left out. */
  cuts: 200,
  chapters: 100,
  clips: 200,
  clipMs: 180_000,
  /** People of the audience that everyone is shown, as a sample. */
  faces: 12,
  /** People of the audience that one search brings. */
  audiencePage: 50,
} as const;

/** A connection with more than any of these is weak: the page says so, and Room health counts it. */
export const WEAK_CONNECTION = { lossPct: 5, roundTripMs: 500, jitterMs: 80 } as const;

/** Someone as others see them. `userId` is stable for as long as the browser keeps its guest session. */
export interface Person {
  readonly userId: string;
  readonly name: string;
}

/** Someone on the stage. */
export interface StageMember extends Person {
  readonly role: StageRole;
  /** Decided by the server: while true, nothing they send is forwarded. */
  readonly muted: boolean;
  /** Their connection is lost, and their place is kept for the grace period. */
  readonly away: boolean;
  /** Unix time in ms at which they came on stage. */
  readonly since: number;
}

/**
 * The room's shared state, small whatever the audience: always sent whole, so that a message lost costs nothing but delay.
 * A state with a lower `seq` than the one held is stale and is dropped.
 */
export interface RoomState {
  readonly seq: number;
  readonly phase: Phase;
  /** A locked stage takes no new hands. */
  readonly locked: boolean;
  readonly sound: RoomSound;
  readonly speakerLimit: number;
  /** In the order in which they came on stage, the host first. */
  readonly stage: readonly StageMember[];
  readonly handCount: number;
  /** Unix time in ms. */
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly recordingPolicy: RecordingPolicy;
  /** It is recorded, or will be as soon as it is live. */
  readonly recording: boolean;
}

/** What anyone who holds the link may know; the answer of `GET /api/rooms/:id`. */
export interface RoomInfo {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly language: RoomLanguage;
  readonly speakerLimit: number;
  readonly phase: Phase;
  readonly host: Person;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  /** There is a recording of it, which may still go on. */
  readonly isRecorded: boolean;
  /** Everyone who listens hears it over HTTP, but for those who want to speak. Servers of before do not say it. */
  readonly isBroadcast?: boolean;
  /** Connected people who are not on stage. */
  readonly listeners: number;
  /** Connected people on stage, at most a few, for the room's card. */
  readonly speakers: readonly Person[];
}

/** What one person sees on entering, and again whenever they ask. */
export interface RoomSnapshot {
  readonly room: RoomInfo;
  readonly state: RoomState;
  readonly self: SelfState;
  readonly listeners: number;
  /** A sample of the audience. */
  readonly faces: readonly Person[];
  /** The queue of raised hands, first come first; only for host and co-hosts, else empty. */
  readonly hands: readonly Person[];
}

/** The part of the state that concerns only the person it is sent to. */
export interface SelfState {
  readonly userId: string;
  readonly name: string;
  readonly role: Role;
  /** Place in the queue of hands, from 1; null when the hand is down. */
  readonly handPlace: number | null;
  /** The name of who invited them to speak, while the invitation stands. */
  readonly invitedBy: string | null;
}
