import type { Person } from '@tribune/shared/domain.ts';
import type { SoundSize } from './soundSizes.ts';

/** All times are Unix times in ms, of the clock by which segments are cut. */

/**
 * - `private`: the host alone.
 * - `unlisted`: whoever has the link.
 * - `public`: also in lists and feeds.
 */
export type Visibility = 'private' | 'unlisted' | 'public';

/**
 * - `recording`: a room is on, and segments come.
 * - `ready`: complete.
 * - `deleted`: nobody may see it; its objects are gone, or go with the next sweep, and then its row does.
 */
export type RecordingState = 'recording' | 'ready' | 'deleted';

/** What is known when a recording begins. */
export interface NewRecording {
  /** Chosen by the recorder, hard to guess; the same on each node that records the room. */
  readonly id: string;
  readonly roomId: string;
  readonly title: string;
  readonly host: Person;
  readonly language: string | null;
  readonly visibility: Visibility;
  readonly startedAt: number;
  /** The node that began it. */
  readonly node: string;
  /** Days for which it is kept once it has ended; null: as long as the server keeps any. */
  readonly retentionDays: number | null;
}

/** A recording as lists show it. */
export interface Recording extends NewRecording {
  readonly state: RecordingState;
  readonly endedAt: number | null;
  readonly durationMs: number;
  /** Of all runs; segments that two nodes wrote count twice. */
  readonly bytes: number;
}

/**
 * Segments without a hole that one node wrote, by index. It grows while the node records: it is told again and again with the same
 * `node` and `first`, and the last telling counts. A node that starts again begins another.
 */
export interface SegmentRun {
  readonly node: string;
  readonly first: number;
  /** Included. */
  readonly last: number;
  readonly bytes: number;
}

/** The reason of a gap that the host wanted: replays go over it. */
export const PAUSED = 'paused';

/** Sound that is missing, and why. */
export interface Gap {
  readonly from: number;
  readonly to: number;
  /** For example `STORAGE_FULL`, `UNAVAILABLE`, `mixer`, `node`. */
  readonly reason: string;
}

/**
 * - `stage`: the person was on stage under REC.
 * - `speech`: the person spoke.
 */
export type StretchKind = 'stage' | 'speech';

/** Somebody did something for a while. It is told when it begins, with `to: null`, and again when it ends: `kind`, `userId` and `from` name it. */
export interface Stretch {
  readonly kind: StretchKind;
  readonly person: Person;
  readonly from: number;
  readonly to: number | null;
}

export interface Chapter {
  readonly id: string;
  readonly at: number;
  readonly title: string;
  /** Made from a stage change, not by the host. */
  readonly automatic: boolean;
}

export interface Clip {
  /** Hard to guess: the link has it. */
  readonly id: string;
  readonly recordingId: string;
  readonly from: number;
  readonly to: number;
  readonly title: string;
  /** Who made it. */
  readonly userId: string;
  readonly createdAt: number;
}

/** What a host takes out of a recording: nobody else hears it any more, and it can be put back. */
export interface Cut {
  readonly id: string;
  readonly from: number;
  readonly to: number;
  /** Whoever asked to be left out, where it is one of the times at which they speak. */
  readonly userId: string | null;
}

/** How many reactions there were in some seconds. */
export interface ReactionCount {
  /** When the seconds begin. */
  readonly at: number;
  readonly count: number;
}

/** A recording with all that a replay needs, each list in the order of time. */
export interface RecordingDetail extends Recording {
  readonly runs: readonly SegmentRun[];
  readonly gaps: readonly Gap[];
  readonly stretches: readonly Stretch[];
  readonly chapters: readonly Chapter[];
  readonly cuts: readonly Cut[];
  readonly reactions: readonly ReactionCount[];
}

/** What a host changes afterwards. */
export type RecordingChanges = Partial<Pick<Recording, 'title' | 'visibility' | 'retentionDays'>>;

/**
 * What a recorder tells while the room is on. No call waits or throws: each is kept in memory and written as soon as the database
 * takes it, in the order told. When the database is away for so long that the memory is full, `lost` of `RecordingWriter` tells.
 */
export interface RecordingLog {
  /**
   * Must be told first, and then once a minute: what is told of no more is ended an hour later by whoever sweeps. A recording that exists is continued: what is told of it then adds to it. One that was deleted stays so,
   * unless this one began after that.
   */
  start(recording: NewRecording): void;
  /** Told for each segment, or each few. */
  addRun(recordingId: string, run: SegmentRun): void;
  addGap(recordingId: string, gap: Gap): void;
  addStretch(recordingId: string, stretch: Stretch): void;
  addChapter(recordingId: string, chapter: Chapter): void;
  /** Told again while the seconds go on: the last telling counts. */
  addReactions(recordingId: string, reactions: ReactionCount): void;
  /** Closes open stretches as well. How long it is follows from when it began, and from the pauses. */
  finish(recordingId: string, end: { readonly endedAt: number }): void;
}

/** The recordings in the database. Each call throws a `SqlError`; `UNAVAILABLE` while the database is away. Deleted ones are never returned. */
export interface Recordings {
  find(recordingId: string): Promise<RecordingDetail | null>;
  /** Those of one room, or of one host, or all public ones; the newest first. */
  list(filter: RecordingFilter): Promise<Recording[]>;
  /** @returns false where there is none */
  change(recordingId: string, changes: RecordingChanges): Promise<boolean>;
  putChapter(recordingId: string, chapter: Chapter): Promise<void>;
  deleteChapter(recordingId: string, chapterId: string): Promise<boolean>;
  addCuts(recordingId: string, cuts: readonly Cut[]): Promise<void>;
  /** Puts these in the place of all cuts of a person, at once. */
  replaceCuts(recordingId: string, userId: string, cuts: readonly Cut[]): Promise<void>;
  /** One, or all of a person who was left out. @returns how many there were */
  deleteCuts(recordingId: string, which: { id: string } | { userId: string }): Promise<number>;
  /** @returns null where what is kept of it has not been measured */
  findSoundSize(recordingId: string, version: string): Promise<SoundSize | null>;
  putSoundSize(recordingId: string, version: string, size: SoundSize): Promise<void>;
  addClip(clip: Clip): Promise<void>;
  findClip(clipId: string): Promise<Clip | null>;
  listClips(recordingId: string): Promise<Clip[]>;
  deleteClip(clipId: string): Promise<boolean>;
  /** Bytes of all recordings of a room, and of all rooms. */
  usage(roomId: string): Promise<{ readonly room: number; readonly total: number }>;
}

export interface RecordingFilter {
  readonly roomId?: string;
  readonly hostId?: string;
  readonly visibility?: Visibility;
  /** 50 by default. */
  readonly limit?: number;
  /** Only those that began before: the next page. */
  readonly before?: number;
}
