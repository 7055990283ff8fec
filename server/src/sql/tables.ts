import type { RecordingState, StretchKind, Visibility } from './recording.ts';

/** Rows as the newest migration leaves them. Times are Unix times in ms, and a flag is 0 or 1, in both databases. */
export interface Tables {
  recordings: {
    id: string;
    room_id: string;
    title: string;
    host_id: string;
    host_name: string;
    language: string | null;
    visibility: Visibility;
    state: RecordingState;
    node: string;
    started_at: number;
    ended_at: number | null;
    duration_ms: number;
    retention_days: number | null;
    deleted_at: number | null;
  };
  segment_runs: {
    recording_id: string;
    node: string;
    first_index: number;
    last_index: number;
    bytes: number;
    updated_at: number;
  };
  gaps: { recording_id: string; from_ms: number; to_ms: number; reason: string };
  stretches: {
    recording_id: string;
    kind: StretchKind;
    user_id: string;
    name: string;
    from_ms: number;
    to_ms: number | null;
  };
  chapters: { recording_id: string; id: string; at_ms: number; title: string; automatic: number };
  clips: {
    id: string;
    recording_id: string;
    from_ms: number;
    to_ms: number;
    title: string;
    user_id: string;
    created_at: number;
  };
  /** `user_id` where all that one person says is cut. */
  cuts: { recording_id: string; id: string; from_ms: number; to_ms: number; user_id: string | null };
  reaction_counts: { recording_id: string; at_ms: number; count: number };
  /** Of the last version that was measured. */
  sound_sizes: { recording_id: string; version: string; bytes: number; duration_ms: number };
  /** Work that one node does at a time. */
  leases: { name: string; node: string; until_ms: number };
  /** One row. */
  schema_version: { version: number; checked_at: number };
}
