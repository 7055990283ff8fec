import type { ObjectStore } from '../objects/ObjectStore.ts';
import type { RecordingLog, Recordings } from '../sql/recording.ts';

/** All objects of a recording have keys that begin with this. */
export function recordingPrefix(recordingId: string): string {
  return `recordings/${recordingId}/`;
}

/** What is kept of rooms: rows and objects, and the rules that concern both. */
export interface Archive {
  readonly objects: ObjectStore;
  readonly recordings: Recordings;
  readonly log: RecordingLog;
  /**
   * Bytes that a room may still record, by `RECORDING_ROOM_MAX_GB` and `RECORDING_MAX_GB`; Infinity where there is no limit, or while
   * the database is away. A recorder asks when it begins and once a minute, and stops at 0.
   */
  bytesLeft(roomId: string): Promise<number>;
  /**
   * Deletes a recording: at once nobody sees it, then its objects go. Where the storage is away, or the process ends midway, the
   * sweep does the rest. @returns false where there is none @throws {SqlError} and then nothing has happened
   */
  deleteRecording(recordingId: string): Promise<boolean>;
}
