import type { StorageLocation } from '../objects/openObjects.ts';
import type { Gap } from '../sql/recording.ts';

/** A mix that is to be recorded. */
export interface RecordedMix {
  readonly recordingId: string;
  /** Of the mix; tells its packets from those of other rooms. */
  readonly ssrc: number;
  /** UDP port on 127.0.0.1 that it is sent from. */
  readonly port: number;
}

export type RecorderCommand =
  /** `port`: that of the process before, or 0. */
  | { readonly type: 'start'; readonly port: number; readonly storage: StorageLocation }
  /** Harmless when repeated. */
  | { readonly type: 'record'; readonly mix: RecordedMix }
  /** What has come so far is written at once. */
  | { readonly type: 'stop'; readonly recordingId: string }
  /** Its segments and fragments are told as they are made, and not stored. Harmless when repeated. */
  | { readonly type: 'broadcast'; readonly mix: RecordedMix }
  | { readonly type: 'endBroadcast'; readonly recordingId: string }
  | { readonly type: 'usage' };

/** A segment that can be heard now. */
export interface LiveSegment {
  readonly recordingId: string;
  readonly index: number;
  readonly bytes: Uint8Array;
}

/** About a second that can be heard now: boxes `moof` and `mdat`, see `writeFragment`. */
export interface LiveFragment {
  readonly recordingId: string;
  readonly bytes: Uint8Array;
}

export interface RecorderUsage {
  /** User and system time. */
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  readonly recordings: number;
  /** Of segments that wait to be stored. */
  readonly waitingBytes: number;
}

export interface WrittenSegment {
  readonly recordingId: string;
  readonly index: number;
  readonly bytes: number;
}

export type RecorderReport =
  | { readonly type: 'ready'; readonly port: number }
  /** A segment is stored; told again when it was stored again with more in it. */
  | ({ readonly type: 'written' } & WrittenSegment)
  | ({ readonly type: 'live' } & LiveSegment)
  | ({ readonly type: 'fragment' } & LiveFragment)
  /** Sound that is not in the recording. */
  | { readonly type: 'gap'; readonly recordingId: string; readonly gap: Gap }
  /** Everything up to the stop is stored, or told as a gap. */
  | { readonly type: 'stopped'; readonly recordingId: string }
  | { readonly type: 'usage'; readonly usage: RecorderUsage };
