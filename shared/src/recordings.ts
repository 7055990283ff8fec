import type { Person } from './domain.ts';

/** What pages are told of recordings over HTTP. Times are in ms from the beginning of the replay where nothing else is said. */

/**
 * - `private`: the host alone hears it.
 * - `unlisted`: whoever has the link.
 * - `public`: also in lists.
 */
export const VISIBILITIES = ['private', 'unlisted', 'public'] as const;
export type Visibility = (typeof VISIBILITIES)[number];

/** One person speaks for a while. Turns of different people may overlap. */
export interface SpeechTurn {
  /** Place in `people`. */
  readonly person: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Sound that is missing: it is silent there. */
export interface ReplayGap {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A place that has a name. */
export interface ReplayChapter {
  readonly id: string;
  readonly atMs: number;
  readonly title: string;
  /** Made because somebody came on stage, not by the host. */
  readonly automatic: boolean;
}

/** What is cut out of a recording, by the time of the uncut one. */
export interface ReplayCut {
  readonly id: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Whoever was left out, where it is one of the times at which they speak. */
  readonly userId: string | null;
}

/** The answer of `GET /api/recordings/:id/edit`: what its host alone hears, and what of it the host has cut out. */
export interface RecordingEdit {
  /** With nothing cut out, not even those who were left out. */
  readonly uncut: ReplayInfo;
  readonly cuts: readonly ReplayCut[];
}

/** A part of a recording that has a link of its own. */
export interface ClipSummary {
  readonly id: string;
  readonly title: string;
  /** Where it begins in the replay. */
  readonly atMs: number;
  readonly durationMs: number;
  /** Whoever asks made it, or is the host of the recording. */
  readonly mayDelete: boolean;
}

/** The answer of `GET /api/recordings/:id/clips/:clipId`: the recording, with the clip for its replay. */
export interface ClipInfo {
  readonly clip: ClipSummary;
  readonly recording: RecordingInfo;
}

/** The answer of `GET /api/recordings/:id`. */
export interface RecordingInfo {
  readonly id: string;
  readonly title: string;
  readonly host: Person;
  readonly language: string | null;
  /** `recording`: it can be heard when the room has ended, or the host has stopped it. */
  readonly state: 'recording' | 'ready';
  readonly visibility: Visibility;
  /** Unix time in ms. */
  readonly startedAt: number;
  /** Whoever asks may change and delete it. */
  readonly mayEdit: boolean;
  /** Path of a playlist of what there is of it, while it goes on; else null. */
  readonly soFar: string | null;
  /** Null until it is ready. */
  readonly replay: ReplayInfo | null;
}

export interface ReplayInfo {
  readonly durationMs: number;
  /** Path of an MP4 file that can be asked for in ranges. */
  readonly audio: string;
  /** Path of the same as a playlist of HTTP Live Streaming; of a clip, and of what is cut out, there is none. */
  readonly hls: string | null;
  /** Path of the same as an Ogg file. */
  readonly ogg: string;
  /** Those who were on stage while it was recorded. */
  readonly people: readonly Person[];
  /** In the order in which they begin. */
  readonly turns: readonly SpeechTurn[];
  /** How loud it is, 0 to 15 in steps of 3 dB, for one piece of `levelMs` after the other. */
  readonly levels: readonly number[];
  readonly levelMs: number;
  readonly gaps: readonly ReplayGap[];
  /** In the order of time. */
  readonly chapters: readonly ReplayChapter[];
  /** How many there were in each piece of `levelMs`; empty where there were none at all. */
  readonly reactions: readonly number[];
}
